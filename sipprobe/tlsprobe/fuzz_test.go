package tlsprobe

import "testing"

// FuzzListen: whatever a server says first, it is read without a panic, and the same
// words cut short never say something else that is certain.
func FuzzListen(f *testing.F) {
	f.Add([]byte{21, 3, 1, 0, 2, 2, 70})
	f.Add([]byte{22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, 31: 0, 45: 0x2f, 46: 0})
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0})
	f.Add([]byte("SIP/2.0 400 Bad Request\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := listen(data)
		if all.hello != nil && all.alert != nil {
			t.Error("both a hello and an alert")
		}
		for n := range len(data) {
			if part := listen(data[:n]); part.hello != nil && (all.hello == nil || *all.hello != *part.hello) {
				t.Errorf("%d bytes give %+v, all give %+v", n, part.hello, all.hello)
			}
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	f.Add([]byte("no certificate"))
	f.Fuzz(func(_ *testing.T, der []byte) {
		c := ParseCertificate(der)
		Judge(Result{Chain: []Certificate{c, c}}, Terms{Name: "a.example", Trusted: true, MinVersion: "1.2"})
	})
}
