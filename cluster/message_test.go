package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvelopeRoundTripsAndShowsTampering(t *testing.T) {
	key := []byte("key")
	e, err := newEnvelope(kindReport, "a#12345678", "b#12345678", nonce(), Loss{Peer: "c", Reason: `<&>"`})
	if err != nil {
		t.Fatal(err)
	}
	e.seal(key, question)
	b, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	open := func() *envelope {
		got, err := decodeEnvelope(b)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if d := cmp.Diff(e, open()); d != "" {
		t.Error(d)
	}
	if !open().genuine(key, question) {
		t.Error("the genuine message does not pass")
	}
	if open().genuine(key, answer) || open().genuine([]byte("other"), question) || open().genuine(nil, question) {
		t.Error("passes in the other direction, with another key or with none")
	}
	for name, tamper := range map[string]func(*envelope){
		"kind":  func(e *envelope) { e.Kind = kindGoodbye },
		"from":  func(e *envelope) { e.From = "x" },
		"to":    func(e *envelope) { e.To = "x" },
		"nonce": func(e *envelope) { e.Nonce[0]++ },
		"body":  func(e *envelope) { e.Body[0]++ },
		"mac":   func(e *envelope) { e.MAC = nil },
	} {
		x := open()
		tamper(x)
		if x.genuine(key, question) {
			t.Errorf("a changed %s goes unnoticed", name)
		}
	}
	unsigned := open()
	unsigned.seal(nil, question)
	if !unsigned.genuine(nil, question) || unsigned.genuine(key, question) {
		t.Error("an unsigned message passes only where there is no secret")
	}
}

func TestEnvelopeIsBounded(t *testing.T) {
	big := strings.Repeat("x", maxMessage)
	e, err := newEnvelope(kindHello, "a", "b", nil, big)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.encode(); err == nil {
		t.Error("encoded a message that nobody would take")
	}
	if _, err := decodeEnvelope([]byte(`{"kind":"` + big + `"}`)); err == nil {
		t.Error("decoded an oversized message")
	}
	if _, err := decodeEnvelope([]byte(`{"from":"` + strings.Repeat("x", 100) + `"}`)); err == nil {
		t.Error("decoded an overlong name")
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	e, err := newEnvelope(kindOffer, "a#12345678", "b#12345678", nonce(), offer{Roster: newRoster(1, crew(3), 8, 0), Reason: "why"})
	if err != nil {
		f.Fatal(err)
	}
	b, err := e.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"kind":"hello","body":"e30="}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEnvelope(b)
		if err != nil {
			return
		}
		e.genuine([]byte("key"), question)
		for _, dst := range []any{new(request), new(vote), new(offer), new(response), new(hello), new(welcome), new(commit), new(plea), new(relief), new(Loss), new(hint), new(goodbye), new(stop), new(exit), new([]MemberStatus)} {
			_ = e.open(dst)
		}
		again, err := e.encode()
		if err != nil {
			return // escapes may make it longer than it came
		}
		if _, err := decodeEnvelope(again); err != nil {
			t.Errorf("does not decode again: %v", err)
		}
	})
}
