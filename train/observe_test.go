package train

import (
	"reflect"
	"testing"
)

// TestTeeTellsBoth: every event reaches both observers, and every field of the
// result can be called.
func TestTeeTellsBoth(t *testing.T) {
	calls := 0
	counting := func() Observer {
		var o Observer
		v := reflect.ValueOf(&o).Elem()
		for i := range v.NumField() {
			v.Field(i).Set(reflect.MakeFunc(v.Field(i).Type(), func([]reflect.Value) []reflect.Value {
				calls++
				return nil
			}))
		}
		return o
	}
	for _, c := range []struct {
		o    Observer
		want int
	}{{Tee(counting(), counting()), 2}, {Tee(counting(), Observer{}), 1}, {Tee(Observer{}, Observer{}), 0}} {
		v := reflect.ValueOf(c.o)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Field(i).IsNil() {
				t.Errorf("Tee leaves %s nil", name)
				continue
			}
			calls = 0
			v.Field(i).Call([]reflect.Value{reflect.Zero(v.Field(i).Type().In(0))})
			if calls != c.want {
				t.Errorf("%s reaches %d observers, want %d", name, calls, c.want)
			}
		}
	}
}
