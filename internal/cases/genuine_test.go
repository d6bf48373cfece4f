package cases_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// TestSwappedBytesAreServedToNobody: whoever writes to the store past the product does not put other bytes in a document's place, and
// a look that did not happen is not in the history.
func TestSwappedBytesAreServedToNobody(t *testing.T) {
	genuine := "0123456789"
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	for name, c := range map[string]struct {
		info  cases.ObjectInfo
		bytes string // what lies there, where it was stored without its checksum
		want  problem.Code
	}{
		"what was uploaded":                  {info: cases.ObjectInfo{Size: 10, SHA256: digest(genuine), Version: "v1"}},
		"other bytes":                        {info: cases.ObjectInfo{Size: 10, SHA256: digest("9876543210")}, want: problem.DocumentDamaged},
		"longer ones":                        {info: cases.ObjectInfo{Size: 11, SHA256: digest(genuine)}, want: problem.DocumentDamaged},
		"the same, without a checksum":       {info: cases.ObjectInfo{Size: 10}, bytes: genuine},
		"other bytes without a checksum":     {info: cases.ObjectInfo{Size: 10}, bytes: "9876543210", want: problem.DocumentDamaged},
		"longer ones without a checksum":     {info: cases.ObjectInfo{Size: 11}, bytes: genuine + "x", want: problem.DocumentDamaged},
		"ones that begin as what was stored": {info: cases.ObjectInfo{Size: 10}, bytes: genuine + "x", want: problem.DocumentDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			r := d.start()
			announced, _, err := d.AnnounceDocument(t.Context(), client, r.ID, cases.AnnounceCommand{ID: "doc_1", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: digest(genuine)})
			if err != nil {
				t.Fatal(err)
			}
			d.files.put(announced.Key, cases.ObjectInfo{Size: 10, SHA256: digest(genuine)})
			arrived := must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1"))
			d.files.put(arrived.Documents[0].Key, c.info)
			d.files.content = c.bytes
			link, err := d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1")
			if problem.CodeOf(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			viewed := d.store.last().Entry.Cause == cases.CauseDocumentViewed
			if viewed != (c.want == "") || c.want != "" && link.URL != "" {
				t.Errorf("in the history: %v, link %q", viewed, link.URL)
			}
			if c.info.Version != "" && !strings.HasSuffix(link.URL, "?version="+c.info.Version) {
				t.Errorf("the link is not bound to the bytes that were looked at: %s", link.URL)
			}
		})
	}
}
