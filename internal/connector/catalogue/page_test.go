package catalogue

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/connectors.md anew")

// TestThePageHasEveryConnector checks the page against the files.
func TestThePageHasEveryConnector(t *testing.T) {
	const file, begin, end = "../../../docs/connectors.md", "-update -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("the page has no place for the table")
	}
	want := before + begin + table(all(t)) + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("docs/connectors.md is not what the files say: go test ./internal/connector/catalogue -update")
	}
}

func table(entries []Entry) string {
	var b strings.Builder
	category := ""
	for _, e := range entries {
		if e.Category != category {
			category = e.Category
			fmt.Fprintf(&b, "\n### %s\n\n| connector | vendor | shape | answers | needs | made from | not covered |\n|---|---|---|---|---|---|---|\n", category)
		}
		when := "at once"
		if e.Callback {
			when = "later"
		}
		fmt.Fprintf(&b, "| [`%s`](../internal/connector/catalogue/%s/%s.yaml) | %s | `%s` | %s | %s | %s | %s |\n",
			e.ID, e.Category, e.ID, e.Vendor, e.Shape, when, needed(e), pages(e.Documentation), e.NotCovered)
	}
	b.WriteString("\n")
	return b.String()
}

func needed(e Entry) string {
	var names []string
	for _, n := range slices.Concat(e.Secrets, e.Settings) {
		names = append(names, "`"+n.Name+"`")
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

func pages(addresses []string) string {
	var links []string
	for i, address := range addresses {
		links = append(links, fmt.Sprintf("[%d](%s)", i+1, address))
	}
	return strings.Join(links, " ")
}
