package watched

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Verdict is a person's answer to a hit.
type Verdict string

// The answers to a hit.
const (
	Cleared   Verdict = "cleared"   // it is another person
	Confirmed Verdict = "confirmed" // it is this person
)

// Person is someone who answered, or on whose behalf a key did.
type Person struct {
	Kind string `json:"kind"` // user or client
	ID   string `json:"id"`
	For  string `json:"for,omitempty"` // the person for whom a key has decided
}

// Entry is an entry of a watch list as a hit shows it: it allows later changes to be detected.
type Entry struct {
	Name      string   `json:"name"` // the main one
	Schema    string   `json:"schema,omitempty"`
	Births    []string `json:"birth_dates,omitempty"`
	Countries []string `json:"countries,omitempty"`
	Programs  []string `json:"programs,omitempty"`
}

// Answer is the answer to one entry of a list about a subject.
type Answer struct {
	List    string    `json:"list"`
	ID      string    `json:"id"`      // of the entry
	Version string    `json:"version"` // of the entry, when it was answered
	Asked   string    `json:"asked"`   // digest of the person who was screened
	Verdict Verdict   `json:"verdict"`
	At      time.Time `json:"at"`
	By      Person    `json:"by"`
	People  int       `json:"people,omitempty"` // how many people gave it; 0: written before they were counted, which means one
	Case    string    `json:"case"`
	For     string    `json:"kept_for,omitempty"` // the workflow that the case speaks for: see Watch
	Commit  int       `json:"commit"`             // version of the case that the decision has made
	Entry   Entry     `json:"entry"`
}

// newer reports whether an answer counts instead of another one: by time, and within a case by its commits.
func (a Answer) newer(than Answer) bool {
	if a.Case == than.Case {
		return a.Commit >= than.Commit
	}
	return a.At.After(than.At)
}

// Opened is a hit for which a case was opened: no second one is.
type Opened struct {
	For     string    `json:"for,omitempty"` // the workflow that keeps the subject: each has its own
	List    string    `json:"list"`
	ID      string    `json:"id"`
	Version string    `json:"version"`
	Asked   string    `json:"asked"`
	Case    string    `json:"case"`
	At      time.Time `json:"at"`
	Times   int       `json:"times,omitempty"` // how many cases were opened for it, this one included
}

// Answers are all that is known of a subject's hits. The zero value is empty.
type Answers struct {
	Tenant   string   `json:"tenant"`
	Subject  string   `json:"subject"`
	Revision int      `json:"revision"` // counts writes; 0: not written yet
	Given    []Answer `json:"given,omitempty"`
	Opened   []Opened `json:"opened,omitempty"`
}

// maxAnswers bounds what is kept of a subject, in bytes of JSON. The oldest are dropped: they are asked again.
const maxAnswers = 256 << 10

// Give adds an answer, unless there is a newer one to the same entry. It reports whether anything has changed.
func (a *Answers) Give(one Answer) bool {
	at := slices.IndexFunc(a.Given, func(g Answer) bool { return g.List == one.List && g.ID == one.ID })
	if at >= 0 {
		if there := a.Given[at]; there.Case == one.Case && there.Commit == one.Commit || !one.newer(there) {
			return false
		}
		a.Given = slices.Delete(a.Given, at, at+1)
	}
	one.Entry = one.Entry.bounded()
	a.Given = append(a.Given, one)
	slices.SortStableFunc(a.Given, func(x, y Answer) int { return x.At.Compare(y.At) })
	a.bound()
	return true
}

// Open takes in that a case was opened for a hit. It reports whether anything has changed.
func (a *Answers) Open(one Opened) bool {
	at := slices.IndexFunc(a.Opened, func(o Opened) bool { return o.For == one.For && o.List == one.List && o.ID == one.ID })
	if at >= 0 {
		if there := a.Opened[at]; there.Version == one.Version && there.Asked == one.Asked && there.Case == one.Case {
			return false
		}
		a.Opened = slices.Delete(a.Opened, at, at+1)
	}
	a.Opened = append(a.Opened, one)
	a.bound()
	return true
}

// bound drops the oldest until the rest fits.
func (a *Answers) bound() {
	for size(a) > maxAnswers {
		if len(a.Opened) > 0 && (len(a.Given) == 0 || a.Opened[0].At.Before(a.Given[0].At)) {
			a.Opened = a.Opened[1:]
			continue
		}
		a.Given = a.Given[1:]
	}
}

func size(a *Answers) int {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts, numbers and times
	}
	return len(text)
}

// About is the answer to an entry; nil: none.
func (a Answers) About(list, id string) *Answer {
	for i := range a.Given {
		if a.Given[i].List == list && a.Given[i].ID == id {
			return &a.Given[i]
		}
	}
	return nil
}

// CaseOf is the newest case that was opened for a hit in this version, for the person who is screened and the workflow
// that keeps the subject. The zero value: there was none.
func (a Answers) CaseOf(keptFor, list, id, version, asked string) Opened {
	for _, o := range a.Opened {
		if o.For == keptFor && o.List == list && o.ID == id && o.Version == version && o.Asked == asked {
			return o
		}
	}
	return Opened{}
}

// Stands reports whether an answer is to exactly this version of the entry, and about exactly the person who is screened. False for nil.
func (a *Answer) Stands(version, asked string) bool {
	return a != nil && version != "" && asked != "" && a.Version == version && a.Asked == asked
}

// Clears reports whether an answer rules the hit out where so many people are asked for.
func (a *Answer) Clears(version, asked string, people int) bool {
	return a.Stands(version, asked) && a.Verdict == Cleared && max(a.People, 1) >= people
}

// Changed names what differs in an entry since it was answered: name, schema, birth_dates, countries, programs; other if
// it is something that a hit does not show, and subject if another name, date of birth or country was screened.
func (a *Answer) Changed(version, asked string, now Entry) []string {
	names := []string{}
	if a.Version != version {
		now = now.bounded()
		for _, part := range []struct {
			name string
			same bool
		}{
			{"name", a.Entry.Name == now.Name},
			{"schema", a.Entry.Schema == now.Schema},
			{"birth_dates", alike(a.Entry.Births, now.Births)},
			{"countries", alike(a.Entry.Countries, now.Countries)},
			{"programs", alike(a.Entry.Programs, now.Programs)},
		} {
			if !part.same {
				names = append(names, part.name)
			}
		}
		if len(names) == 0 {
			names = append(names, "other")
		}
	}
	if a.Asked != asked {
		names = append(names, "subject")
	}
	return names
}

// alike compares values whatever their order.
func alike(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Bounds of what is kept of an entry.
const (
	keptValues = 20
	keptRunes  = 200
)

func (e Entry) bounded() Entry {
	cut := func(values []string) (kept []string) {
		for _, value := range values[:min(len(values), keptValues)] {
			kept = append(kept, short(value))
		}
		return kept
	}
	return Entry{short(e.Name), short(e.Schema), cut(e.Births), cut(e.Countries), cut(e.Programs)}
}

func short(text string) string {
	if runes := []rune(text); len(runes) > keptRunes {
		return string(runes[:keptRunes])
	}
	return text
}

// Digest identifies the person who is screened: it changes with the name, date of birth or country. The spelling of a
// name counts, spaces around it do not.
func Digest(name, birth, country string) string {
	text, err := json.Marshal([]string{strings.Join(strings.Fields(name), " "), strings.TrimSpace(birth), strings.ToUpper(country)})
	if err != nil {
		panic(err) // texts
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
