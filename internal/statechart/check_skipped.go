package statechart

import (
	"slices"
	"strings"
)

// skipped warns of failures that leave a state while it has other work to do: a vendor that does not answer must not be a way
// past the work behind it.
func (p *parser) skipped() {
	for _, s := range p.chart.states {
		for _, i := range s.Invocations {
			others := s.besides(i)
			if len(others) == 0 {
				continue
			}
			for _, t := range slices.Concat(i.OnError, s.byEvent[errorInvoke(i.ID)]) {
				p.skips(s, t, "when "+i.ID+" fails, "+enumerate(others)+verb(others)+" never done: this exits "+s.Path)
			}
		}
		if len(s.Invocations) > 1 {
			for _, t := range s.byEvent[errorWork(s)] {
				p.skips(s, t, "when work of "+s.Path+" fails, other work of the state is never done: this exits "+s.Path)
			}
		}
	}
}

func (p *parser) skips(s *State, t *Transition, message string) {
	at, ok := p.places[t]
	if !ok || len(t.Targets) == 0 || t.Continues {
		return
	}
	p.doc.Warn(at.node, at.path, "work_skipped", message, "write onError: continue: the other work continues, and readers of "+s.Path+"'s results see what is missing")
}

// besides is the work of the state that may not have ended when a piece of it fails: at the same time, or after it.
func (s *State) besides(failed *Invocation) (ids []string) {
	for _, i := range s.Invocations {
		if i != failed && i.Stage >= failed.Stage {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func verb(list []string) string {
	if len(list) == 1 {
		return " is"
	}
	return " are"
}

// enumerate writes "a", "a and b", "a, b and c".
func enumerate(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
