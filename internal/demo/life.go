package demo

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"ballerine/internal/calendar"
	"ballerine/internal/cases"
	"ballerine/internal/demo/specimen"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/text"
)

// life is a person who does not exist and what happens to their case. Times are counted back from the present.
type life struct {
	given, family string // as declared
	sex           string
	country       string // where they live
	born          string // as declared
	latin         [2]string
	writesFrom    string // an address; "": one of their own
	inPassport    func(*specimen.Person, time.Time)
	part          sandbox.Part
	steps         []step
	files         []*file
	began         time.Duration // ago
	owners        []owner       // of a company

	number     int
	customer   string // external id of the subject, whose cases may be several
	externalID string
	person     specimen.Person
	id         string
	applicant  identity.Principal
	documents  map[string]string // the newest of each kind
}

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// past is when the first of them begins.
const past = 31 * day

// The demo people who decide and publish.
const (
	rita  = "reviewer@demo.test"
	robin = "reviewer2@demo.test"
	mara  = "manager@demo.test"
	admin = "admin@demo.test"
)

func someone(given, family, sex, country, born string) *life {
	return &life{given: given, family: family, sex: sex, country: country, born: born, documents: map[string]string{}}
}

// written names the person as the passport writes them, where that is another script.
func (l *life) romanised(given, family string) *life {
	l.latin = [2]string{given, family}
	return l
}

// passport states what is different in the passport; now is the present.
func (l *life) passport(change func(p *specimen.Person, now time.Time)) *life {
	l.inPassport = change
	return l
}

// vendor states what the sandbox vendors know of the person.
func (l *life) vendor(part sandbox.Part) *life {
	l.part = part
	return l
}

func (l *life) step(ago time.Duration, do func(ctx context.Context, s *seeder, l *life) error) *life {
	l.steps = append(l.steps, step{ago: ago, life: l, do: do})
	return l
}

// prepare completes the life once its place in the list is known.
func (l *life) prepare(n int, now time.Time) {
	l.number, l.externalID = n, cmp.Or(l.externalID, fmt.Sprintf("demo-%02d", n+1))
	l.person = l.passportOf(now)
	for _, f := range l.files {
		f.of(l, now)
	}
	last := 0
	for i := range l.steps {
		if l.steps[i].ago <= l.steps[last].ago {
			last = i
		}
	}
	l.steps[last].last = true
}

func (l *life) passportOf(now time.Time) specimen.Person {
	born, err := time.Parse(time.DateOnly, l.born)
	if err != nil {
		panic("demo case: " + err.Error())
	}
	p := specimen.Person{
		Given: l.given, Family: l.family, Nationality: "UTO", Sex: l.sex, Born: born, Origin: l.country,
		Number:  fmt.Sprintf("%c%07d", "CFGHJKLMNPRTVWXYZ"[l.number%17], 1048577+l.number*733_331%8_900_000),
		Expires: calendar.AddDays(calendar.AddMonths(now, 12*(1+l.number%8)+l.number%11), l.number%27-13),
	}
	if l.latin[1] != "" {
		p.Given, p.Family = l.latin[0], l.latin[1]
	}
	if l.inPassport != nil {
		l.inPassport(&p, now)
	}
	return p
}

// email is an address that belongs to nobody.
func (l *life) email() string {
	if l.writesFrom != "" {
		return l.writesFrom
	}
	given, family := l.given, l.family
	if l.latin[1] != "" {
		given, family = l.latin[0], l.latin[1]
	}
	name := strings.Map(func(r rune) rune {
		if r == '.' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, text.Plain(given+"."+family))
	return strings.Trim(name[:min(len(name), 40)], ".") + "@example." + []string{"com", "org"}[l.number%2]
}

// from is somebody else's address, which the applicant uses.
func (l *life) from(address string) *life {
	l.writesFrom = address
	return l
}

// registers is when the customer's system starts the case: with a name and an address, as from a sign-up form.
func (l *life) registers(ago time.Duration) *life {
	l.began = ago
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		name := map[string]any{"given": l.given, "family": l.family}
		record, err := s.stack.Core.Cases.Start(ctx, s.client, cases.StartCommand{
			Workflow: "kyc", ExternalID: l.externalID,
			Subject: cases.SubjectInput{Type: "individual", ExternalID: l.customer, Data: map[string]any{"name": name, "email": l.email()}},
			Context: map[string]any{"applicant": map[string]any{"name": name, "email": l.email()}},
		})
		l.id = record.ID
		l.applicant = identity.Principal{Tenant: local.DemoTenant, Kind: identity.Applicant, ID: s.stack.Core.NewID("flow"), Case: record.ID}
		return err
	})
}

// writes is when the applicant fills the form in.
func (l *life) writes(ago time.Duration) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.SaveContext(ctx, l.applicant, l.id, map[string]any{
			"applicant": map[string]any{"date_of_birth": l.born, "country": l.country},
		})
		return err
	})
}

// uploads is when the applicant sends files, one after the other.
func (l *life) uploads(ago time.Duration, files ...*file) *life {
	l.files = append(l.files, files...)
	for i, f := range files {
		l.step(ago-time.Duration(i)*47*time.Second, func(ctx context.Context, s *seeder, l *life) error { return s.upload(ctx, l, *f) })
		l.steps[len(l.steps)-1].file = f
	}
	return l
}

// submits is when the applicant has done their part.
func (l *life) submits(ago time.Duration) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.Send(ctx, l.applicant, l.id, cases.SendCommand{Type: "SUBMIT"})
		return err
	})
}

// applies is all that an applicant does, within some minutes from its beginning.
func (l *life) applies(ago, takes time.Duration, files ...*file) *life {
	return l.registers(ago).writes(ago-takes/3).uploads(ago-takes/2, files...).submits(ago - takes)
}

// sendsAgain is when the applicant answers what was asked.
func (l *life) sendsAgain(ago time.Duration, files ...*file) *life {
	return l.uploads(ago, files...).submits(ago - 4*minute)
}

// assigned is when somebody assigns the case to a person.
func (l *life) assigned(ago time.Duration, by, to string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.Assign(ctx, local.DemoPerson(by), l.id, local.DemoPerson(to).ID, 0)
		return err
	})
}

// takes is when a reviewer takes the case.
func (l *life) takes(ago time.Duration, who string) *life { return l.assigned(ago, who, who) }

// looks is when a reviewer opens the newest document of a kind.
func (l *life) looks(ago time.Duration, who, kind string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.DocumentLink(ctx, local.DemoPerson(who), l.id, l.documents[kind])
		return err
	})
}

// as sets an external id by which the case can be found.
func (l *life) as(externalID string) *life {
	l.externalID = externalID
	return l
}

// notes is a remark; whoever is mentioned in it is notified.
func (l *life) notes(ago time.Duration, who, text string, mentions ...string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		cmd := cases.NoteCommand{Text: text}
		for _, person := range mentions {
			cmd.Mentions = append(cmd.Mentions, local.DemoPerson(person).ID)
		}
		_, err := s.stack.Core.Cases.AddNote(ctx, local.DemoPerson(who), l.id, cmd)
		return err
	})
}

// snoozes puts the case off, until some time after the present.
func (l *life) snoozes(ago, until time.Duration, who string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.Snooze(ctx, local.DemoPerson(who), l.id, s.clock.Now().Add(ago+until))
		return err
	})
}

// escalates hands the case to those who approve.
func (l *life) escalates(ago time.Duration, who, reason string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		_, err := s.stack.Core.Cases.Escalate(ctx, local.DemoPerson(who), l.id, reason)
		return err
	})
}

// judges decides the newest document of a kind.
func (l *life) judges(ago time.Duration, who, kind, decision, reason, comment string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		record, err := s.stack.Core.Cases.Get(ctx, local.DemoPerson(who), l.id)
		if err != nil {
			return err
		}
		_, err = s.stack.Core.Cases.DecideDocument(ctx, local.DemoPerson(who), l.id, l.documents[kind], record.Version, cases.DocumentDecisionCommand{
			Decision: decision, Reason: reason, Comment: comment,
		})
		return err
	})
}

// decided is a decision about the case.
func (l *life) decided(ago time.Duration, who, event, reason, comment string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		return s.decide(ctx, l, who, cases.DecideCommand{Event: event, Reason: reason, Comment: comment})
	})
}

func (l *life) approved(ago time.Duration, who, reason, comment string) *life {
	return l.decided(ago, who, "approve", reason, comment)
}

func (l *life) rejected(ago time.Duration, who, reason, comment string) *life {
	return l.decided(ago, who, "reject", reason, comment)
}

// revisionRequested sends the case back for another document of a kind, with a message to the applicant.
func (l *life) revisionRequested(ago time.Duration, who, kind, reason, message string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		return s.decide(ctx, l, who, cases.DecideCommand{
			Event: "revision", Reason: "document_not_usable", Message: message,
			Documents: []cases.DocumentDecisionCommand{{ID: l.documents[kind], Decision: "revision", Reason: reason}},
		})
	})
}

// calledOff is when a case that is no longer wanted is cancelled.
func (l *life) calledOff(ago time.Duration, who, reason string) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		record, err := s.stack.Core.Cases.Get(ctx, local.DemoPerson(who), l.id)
		if err != nil {
			return err
		}
		_, err = s.stack.Core.Cases.Cancel(ctx, local.DemoPerson(who), l.id, record.Version, reason)
		return err
	})
}

// outage is when the object store stops serving the case's files.
func (l *life) outage(ago time.Duration) *life {
	return l.step(ago, func(_ context.Context, s *seeder, l *life) error {
		s.faults.add(l.id)
		return nil
	})
}

// listsAway is when the object store stops serving the watch lists, until listsBack.
func (l *life) listsAway(ago time.Duration) *life { return l.lists(ago, false) }

func (l *life) listsBack(ago time.Duration) *life { return l.lists(ago, true) }

func (l *life) lists(ago time.Duration, there bool) *life {
	return l.step(ago, func(_ context.Context, s *seeder, _ *life) error {
		s.faults.setLists(there)
		return nil
	})
}

// answered is when the vendor's call back has come.
func (l *life) answered(ago time.Duration) *life {
	return l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		for n := 1; ; n++ {
			record, err := s.stack.Core.Store.Get(ctx, local.DemoTenant, l.id)
			if _, there := record.Context["identity"]; err != nil || there {
				return err
			}
			if n%500 == 0 { // a refused call is repeated after a while, which does not pass by itself
				s.clock.Pass(3 * time.Second)
			}
			if err := wait(ctx, time.Millisecond); err != nil {
				return fmt.Errorf("the vendor does not call back: %w", err)
			}
		}
	})
}

func (s *seeder) decide(ctx context.Context, l *life, who string, cmd cases.DecideCommand) error {
	record, err := s.stack.Core.Cases.Get(ctx, local.DemoPerson(who), l.id)
	if err != nil {
		return err
	}
	view, err := s.stack.Core.Cases.View(ctx, local.DemoPerson(who), record)
	if err != nil {
		return err
	}
	if view.Needs != nil && cmd.Event == "approve" {
		for _, hit := range view.Needs.Hits {
			cmd.Hits = append(cmd.Hits, cases.HitAnswer{Hit: hit.ID, Answer: "not_a_match"})
		}
	}
	record, err = s.stack.Core.Cases.Decide(ctx, local.DemoPerson(who), l.id, record.Version, cmd)
	if err == nil && record.Proposed != nil {
		_, err = s.stack.Core.Cases.Decide(ctx, local.DemoPerson(secondOf(who)), l.id, record.Version, cmd)
	}
	return err
}

// secondOf is the person who confirms another's decision, where that is required.
func secondOf(who string) string {
	if who == mara {
		return rita
	}
	return mara
}
