package compile

import (
	"bytes"
	"encoding/json"
)

// Machine is a state machine definition. Its states keep their order.
type Machine struct {
	Comment        string
	StartAt        string
	TimeoutSeconds int // 0: none
	States         []State
}

// State is one state of a machine; the members that its Type has are set.
type State struct {
	Name               string
	Type               string // Task | Choice | Parallel | Succeed | Fail
	Comment            string
	Resource           string // Task
	Parameters         Object // Task
	InputPath          string // Choice
	OutputPath         string // Task, Parallel
	Branches           []*Machine
	TimeoutSeconds     int    // Task; 0: none
	TimeoutSecondsPath string // Task
	Retry              []Retry
	Catch              []Catch
	Next               string
	Choices            []Choice // Choice
	Default            string   // Choice
	Error, Cause       string   // Fail
}

// Retry is one retrier of a Task.
type Retry struct {
	ErrorEquals     []string `json:"ErrorEquals"`
	IntervalSeconds int      `json:"IntervalSeconds,omitempty"`
	MaxAttempts     int      `json:"MaxAttempts"`
	BackoffRate     float64  `json:"BackoffRate,omitempty"`
	MaxDelaySeconds int      `json:"MaxDelaySeconds,omitempty"`
	JitterStrategy  string   `json:"JitterStrategy,omitempty"`
}

// Catch is one catcher of a Task. ResultPath is where {Error, Cause} goes in the state's input.
type Catch struct {
	ErrorEquals []string `json:"ErrorEquals"`
	ResultPath  string   `json:"ResultPath,omitempty"`
	Next        string   `json:"Next"`
}

// Choice is one rule: when Variable equals StringEquals, go to Next.
type Choice struct {
	Variable     string `json:"Variable"`
	StringEquals string `json:"StringEquals"`
	Next         string `json:"Next"`
}

// Object is a JSON object whose members keep their order.
type Object []Member

// Member of an Object. Value is an Object, a list of Objects, a string or a number.
type Member struct {
	Name  string
	Value any
}

// All are the states of the machine and of its branches, in order.
func (m *Machine) All() (found []State) {
	for _, s := range m.States {
		found = append(found, s)
		for _, branch := range s.Branches {
			found = append(found, branch.All()...)
		}
	}
	return found
}

func (m *Machine) object() Object {
	var states, root Object
	for _, s := range m.States {
		states = append(states, Member{s.Name, s.object()})
	}
	root = root.text("Comment", m.Comment).text("StartAt", m.StartAt)
	if m.TimeoutSeconds > 0 {
		root = append(root, Member{"TimeoutSeconds", m.TimeoutSeconds})
	}
	return append(root, Member{"States", states})
}

// JSON is the definition, indented, the same bytes for the same machine.
func (m *Machine) JSON() []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, encode(m.object()), "", "  "); err != nil {
		panic("asl: a machine is always JSON: " + err.Error()) // encode wrote it
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func (s State) object() Object {
	var o Object
	o = o.text("Type", s.Type).text("Comment", s.Comment).text("Resource", s.Resource)
	if s.Parameters != nil {
		o = append(o, Member{"Parameters", s.Parameters})
	}
	if len(s.Branches) > 0 {
		branches := make([]Object, len(s.Branches))
		for i, b := range s.Branches {
			branches[i] = b.object()
		}
		o = append(o, Member{"Branches", branches})
	}
	o = o.text("InputPath", s.InputPath).text("OutputPath", s.OutputPath).text("TimeoutSecondsPath", s.TimeoutSecondsPath)
	if s.TimeoutSeconds > 0 {
		o = append(o, Member{"TimeoutSeconds", s.TimeoutSeconds})
	}
	if len(s.Retry) > 0 {
		o = append(o, Member{"Retry", s.Retry})
	}
	if len(s.Catch) > 0 {
		o = append(o, Member{"Catch", s.Catch})
	}
	if len(s.Choices) > 0 {
		o = append(o, Member{"Choices", s.Choices})
	}
	return o.text("Default", s.Default).text("Error", s.Error).text("Cause", s.Cause).text("Next", s.Next)
}

// text adds a member unless the value is empty.
func (o Object) text(name, value string) Object {
	if value == "" {
		return o
	}
	return append(o, Member{name, value})
}

// MarshalJSON writes the members in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(m.Name))
		b.WriteByte(':')
		b.Write(encode(m.Value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without HTML escapes: "<" stays readable in comments.
func encode(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("asl: strings, numbers and objects of them are always JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
