// Package allreducetest is the admission exam of transports: Run puts every
// law of rings and links to one, over whatever it connects. It also has the
// slow, plain reference of Sum that tests of other packages may compare with.
//
//	func TestConformance(t *testing.T) {
//		allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net { ... })
//	}
package allreducetest
