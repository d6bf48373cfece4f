package cost

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/local/sandbox"
	"ballerine/internal/problem"
)

// Script states what clients, applicants and reviewers do in one case.
type Script struct {
	Name     string         `yaml:"name"`
	Title    string         `yaml:"title"`
	Workflow string         `yaml:"workflow"`
	Subject  string         `yaml:"subject"` // its type; "": the case has none
	Context  map[string]any `yaml:"context"` // that the case starts with
	Vendor   Vendor         `yaml:"vendor"`  // what the pretended vendors find out about the person of the context
	Steps    []Step         `yaml:"steps"`
}

// Vendor is what the pretended vendors find out.
type Vendor struct {
	Status string  `yaml:"status"` // of the identity check: passed, review or failed
	Score  float64 `yaml:"score"`
}

func (v Vendor) part() sandbox.Part { return sandbox.Part{Status: v.Status, Score: v.Score} }

// Step is one of: data that the applicant saves, a document that they upload, an event that they or the client send, time that
// passes, and a reviewer who has the case's page open for some minutes and decides.
type Step struct {
	Save   map[string]any `yaml:"save"`
	Upload string         `yaml:"upload"` // kind of document
	Send   string         `yaml:"send"`   // event, as the applicant
	Event  string         `yaml:"event"`  // event, as the client's system
	Wait   int            `yaml:"wait"`   // minutes
	Review *Review        `yaml:"review"`
}

// Review is a reviewer's part.
type Review struct {
	Minutes int    `yaml:"minutes"`
	Decide  string `yaml:"decide"`
	Reason  string `yaml:"reason"`
}

// ReadScripts reads the cases of a file. Errors: Invalid.
func ReadScripts(file string, text []byte) ([]Script, error) {
	var read struct {
		Cases []Script `yaml:"cases"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		return nil, problem.New(problem.Invalid, "%s cannot be read: %s.", file, strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	}
	if len(read.Cases) == 0 {
		return nil, problem.New(problem.Invalid, "%s needs cases: at least one, with its workflow and steps.", file)
	}
	for n, script := range read.Cases {
		if script.Name == "" || script.Workflow == "" {
			return nil, problem.New(problem.Invalid, "%s: cases[%d] needs a name and a workflow.", file, n)
		}
	}
	return read.Cases, nil
}
