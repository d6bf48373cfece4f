package rules

import (
	"strings"
	"testing"
)

func TestInputsDeclareWhatIsPersonalInWaysThatAreFollowed(t *testing.T) {
	const text = "id: p\ninputs: {type: object, $defs: {n: {$anchor: n, type: string, personal: true}}, properties: {name: {$ref: REF}}}\noutcomes: [reject, approve]\ndefault: approve\n" +
		"rules:\n  - {id: x, when: exists(name), outcome: reject, reason: \"It is {name}\"}\n"
	by := func(ref string) []byte { return []byte(strings.Replace(text, "REF", ref, 1)) }
	if p, found := Parse("p.yaml", by(`"#n"`)); p != nil || len(found) != 1 || found[0].Code != "personal_data" || found[0].Path != "inputs.properties.name.$ref" {
		t.Errorf("%v", found)
	}
	for _, ref := range []string{`"#n"`, `"#/$defs/n"`} {
		p, found := Reread("p.yaml", by(ref))
		if p == nil {
			t.Fatalf("what was published stops: %v", found)
		}
		if !p.shape.Personal([]string{"name"}) {
			t.Errorf("%s: it is shown", ref)
		}
	}
}
