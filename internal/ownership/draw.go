package ownership

import (
	"fmt"
	"strings"
)

// Mermaid draws the structure as of a day as a Mermaid flowchart: owners above, the subject marked. Errors: as Structure.Check.
func Mermaid(s Structure, day string) (string, error) {
	return drawn(s, day, drawing{
		head: "flowchart TD\n", foot: "",
		party: func(n int, p Party, subject bool) string {
			open, closing := "[", "]"
			if p.Kind.human() {
				open, closing = "([", "])"
			}
			line := fmt.Sprintf("  p%d%s\"%s\"%s\n", n, open, mermaidText(p.label()), closing)
			if subject {
				line += fmt.Sprintf("  style p%d stroke-width:3px\n", n)
			}
			return line
		},
		link: func(owner, company int, text string) string {
			return fmt.Sprintf("  p%d -->|\"%s\"| p%d\n", owner, mermaidText(text), company)
		},
	})
}

// DOT draws the structure as of a day in the language of Graphviz. Errors: as Structure.Check.
func DOT(s Structure, day string) (string, error) {
	return drawn(s, day, drawing{
		head: "digraph ownership {\n  node [shape=box];\n", foot: "}\n",
		party: func(n int, p Party, subject bool) string {
			attributes := ""
			if p.Kind.human() {
				attributes += ", shape=ellipse"
			}
			if subject {
				attributes += ", penwidth=3"
			}
			return fmt.Sprintf("  p%d [label=%s%s];\n", n, dotText(p.label()), attributes)
		},
		link: func(owner, company int, text string) string {
			return fmt.Sprintf("  p%d -> p%d [label=%s];\n", owner, company, dotText(text))
		},
	})
}

type drawing struct {
	head, foot string
	party      func(n int, p Party, subject bool) string
	link       func(owner, company int, text string) string
}

func drawn(s Structure, day string, d drawing) (string, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	g := newGraph(s, day)
	text := strings.Builder{}
	text.WriteString(d.head)
	for i, p := range g.Parties {
		text.WriteString(d.party(i, p, i == g.subject))
	}
	for _, held := range g.held {
		for _, h := range held {
			text.WriteString(d.link(h.owner, h.company, h.label()))
		}
	}
	text.WriteString(d.foot)
	return text.String(), nil
}

func (p Party) label() string {
	if p.Name == "" {
		return p.ID
	}
	return p.Name
}

// label describes a holding in a few words.
func (h holding) label() string {
	var parts []string
	if !h.part.isNone() {
		parts = append(parts, h.part.String())
	}
	if h.stated {
		parts = append(parts, h.votes.String()+" of votes")
	}
	if h.control == yes && !h.trust {
		parts = append(parts, "control")
	}
	if h.trust {
		parts = append(parts, "role in trust")
	}
	if h.office > 0 {
		parts = append(parts, "manages")
	}
	if len(parts) == 0 {
		return "interest"
	}
	return strings.Join(parts, ", ")
}

// mermaidText makes a text harmless inside quotation marks.
func mermaidText(text string) string {
	return strings.NewReplacer("%%", "#37;#37;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ", "\r", " ", "#", "#35;").Replace(text)
}

func dotText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(text) + `"`
}
