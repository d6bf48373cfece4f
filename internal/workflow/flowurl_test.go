package workflow

import "testing"

func TestTheApplicantsAddressIsHTTPSAndTakesTheToken(t *testing.T) {
	for text, usable := range map[string]bool{
		"https://apply.example.com/#token={token}":    true,
		"https://apply.example.com/?token={token}&l=": true,
		"http://localhost:3000/#{token}":              true,
		"http://127.0.0.1:3000/#{token}":              true,
		"http://apply.example.com/#{token}":           false,
		"https://apply.example.com/":                  false,
		"https://apply.example.com/{token}/{token}":   false,
		"https://{token}.example.com/":                false,
		"https://me:secret@apply.example.com/{token}": false,
		"javascript:alert({token})":                   false,
		"/apply#{token}":                              false,
	} {
		_, problems := Parse("flow.yaml", []byte("id: w\nflow: {url: '"+text+"'}\ninitial: a\nstates: {a: {type: final}}\n"), nil)
		if (problems.Err() == nil) != usable {
			t.Errorf("%s: %v", text, problems)
		}
	}
	w := &Workflow{Flow: map[string]any{"url": "https://apply.example.com/#token={token}"}}
	if got := w.FlowURL("a+b/c"); got != "https://apply.example.com/#token=a%2Bb%2Fc" {
		t.Error(got)
	}
	if got := (&Workflow{}).FlowURL("x"); got != "" {
		t.Error(got)
	}
}
