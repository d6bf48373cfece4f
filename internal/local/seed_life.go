package local

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/local/specimen"
)

// demoLife is a person who does not exist and what happens to their case. Times are counted back from the present.
type demoLife struct {
	given, family string // as declared
	sex           string
	country       string // where they live
	born          string // as declared
	latin         [2]string
	inPassport    func(*specimen.Person, time.Time)
	part          sandbox.Part
	steps         []demoStep
	files         []*demoFile
	began         time.Duration // ago

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

// demoPast is when the first of them begins.
const demoPast = 31 * day

// The demo people that decide.
const (
	rita  = "reviewer@demo.test"
	robin = "reviewer2@demo.test"
	mara  = "manager@demo.test"
)

func someone(given, family, sex, country, born string) *demoLife {
	return &demoLife{given: given, family: family, sex: sex, country: country, born: born, documents: map[string]string{}}
}

// written names the person as the passport writes them, where that is another script.
func (l *demoLife) romanised(given, family string) *demoLife {
	l.latin = [2]string{given, family}
	return l
}

// passport says what is different in the passport; now is the present.
func (l *demoLife) passport(change func(p *specimen.Person, now time.Time)) *demoLife {
	l.inPassport = change
	return l
}

// vendor says what the sandbox vendors know of the person.
func (l *demoLife) vendor(part sandbox.Part) *demoLife {
	l.part = part
	return l
}

func (l *demoLife) step(ago time.Duration, do func(ctx context.Context, s *seeder, l *demoLife) error) *demoLife {
	l.steps = append(l.steps, demoStep{ago: ago, life: l, do: do})
	return l
}

// prepare completes the life once its place in the list is known.
func (l *demoLife) prepare(n int, now time.Time) {
	l.number, l.externalID = n, fmt.Sprintf("demo-%02d", n+1)
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

func (l *demoLife) passportOf(now time.Time) specimen.Person {
	born, err := time.Parse(time.DateOnly, l.born)
	if err != nil {
		panic("demo case: " + err.Error())
	}
	p := specimen.Person{
		Given: l.given, Family: l.family, Nationality: "UTO", Sex: l.sex, Born: born, Origin: l.country,
		Number:  fmt.Sprintf("%c%07d", "CFGHJKLMNPRTVWXYZ"[l.number%17], 1048577+l.number*733_331%8_900_000),
		Expires: now.AddDate(1+l.number%8, l.number%11, l.number%27-13),
	}
	if l.latin[1] != "" {
		p.Given, p.Family = l.latin[0], l.latin[1]
	}
	if l.inPassport != nil {
		l.inPassport(&p, now)
	}
	return p
}

// email is an address that reaches nobody.
func (l *demoLife) email() string {
	given, family := l.given, l.family
	if l.latin[1] != "" {
		given, family = l.latin[0], l.latin[1]
	}
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), given+"."+family)
	if err != nil {
		plain = l.externalID
	}
	name := strings.Map(func(r rune) rune {
		if r == '.' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(plain))
	return strings.Trim(name[:min(len(name), 40)], ".") + "@example." + []string{"com", "org"}[l.number%2]
}

// registers is when the customer's system starts the case: with a name and an address, as a sign-up form gives.
func (l *demoLife) registers(ago time.Duration) *demoLife {
	l.began = ago
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		name := map[string]any{"given": l.given, "family": l.family}
		record, err := s.stack.Core.Cases.Start(ctx, s.client, cases.StartCommand{
			Workflow: "kyc", ExternalID: l.externalID,
			Subject: cases.SubjectInput{Type: "individual", ExternalID: l.customer, Data: map[string]any{"name": name, "email": l.email()}},
			Context: map[string]any{"applicant": map[string]any{"name": name, "email": l.email()}},
		})
		l.id = record.ID
		l.applicant = identity.Principal{Tenant: demoTenant, Kind: identity.Applicant, ID: s.stack.Core.NewID("flow"), Case: record.ID}
		return err
	})
}

// writes is when the applicant fills the form in.
func (l *demoLife) writes(ago time.Duration) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		_, err := s.stack.Core.Cases.SaveContext(ctx, l.applicant, l.id, map[string]any{
			"applicant": map[string]any{"date_of_birth": l.born, "country": l.country},
		})
		return err
	})
}

// uploads is when the applicant sends files, one after the other.
func (l *demoLife) uploads(ago time.Duration, files ...*demoFile) *demoLife {
	l.files = append(l.files, files...)
	for i, f := range files {
		l.step(ago-time.Duration(i)*47*time.Second, func(ctx context.Context, s *seeder, l *demoLife) error { return s.upload(ctx, l, *f) })
		l.steps[len(l.steps)-1].file = f
	}
	return l
}

// submits is when the applicant has done their part.
func (l *demoLife) submits(ago time.Duration) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		_, err := s.stack.Core.Cases.Send(ctx, l.applicant, l.id, cases.SendCommand{Type: "SUBMIT"})
		return err
	})
}

// applies is all that an applicant does, within some minutes from its beginning.
func (l *demoLife) applies(ago, takes time.Duration, files ...*demoFile) *demoLife {
	return l.registers(ago).writes(ago-takes/3).uploads(ago-takes/2, files...).submits(ago - takes)
}

// sendsAgain is when the applicant answers what was asked.
func (l *demoLife) sendsAgain(ago time.Duration, files ...*demoFile) *demoLife {
	return l.uploads(ago, files...).submits(ago - 4*minute)
}

// assigned is when somebody gives the case to somebody.
func (l *demoLife) assigned(ago time.Duration, by, to string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		_, err := s.stack.Core.Cases.Assign(ctx, demoUser(by), l.id, demoUser(to).ID, 0)
		return err
	})
}

// takes is when a reviewer takes the case.
func (l *demoLife) takes(ago time.Duration, who string) *demoLife { return l.assigned(ago, who, who) }

// looks is when a reviewer opens the newest document of a kind.
func (l *demoLife) looks(ago time.Duration, who, kind string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		_, err := s.stack.Core.Cases.DocumentLink(ctx, demoUser(who), l.id, l.documents[kind])
		return err
	})
}

// notes is a remark.
func (l *demoLife) notes(ago time.Duration, who, text string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		_, err := s.stack.Core.Cases.AddNote(ctx, demoUser(who), l.id, "", text)
		return err
	})
}

// judges decides the newest document of a kind.
func (l *demoLife) judges(ago time.Duration, who, kind, decision, reason, comment string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		record, err := s.stack.Core.Cases.Get(ctx, demoUser(who), l.id)
		if err != nil {
			return err
		}
		_, err = s.stack.Core.Cases.DecideDocument(ctx, demoUser(who), l.id, l.documents[kind], record.Version, cases.DocumentDecisionCommand{
			Decision: decision, Reason: reason, Comment: comment,
		})
		return err
	})
}

// decided is a decision about the case.
func (l *demoLife) decided(ago time.Duration, who, event, reason, comment string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		return s.decide(ctx, l, who, cases.DecideCommand{Event: event, Reason: reason, Comment: comment})
	})
}

func (l *demoLife) approved(ago time.Duration, who, reason, comment string) *demoLife {
	return l.decided(ago, who, "approve", reason, comment)
}

func (l *demoLife) rejected(ago time.Duration, who, reason, comment string) *demoLife {
	return l.decided(ago, who, "reject", reason, comment)
}

// asked sends the case back for another document of a kind, with a message to the applicant.
func (l *demoLife) asked(ago time.Duration, who, kind, reason, message string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		return s.decide(ctx, l, who, cases.DecideCommand{
			Event: "revision", Reason: "document_not_usable", Message: message,
			Documents: []cases.DocumentDecisionCommand{{ID: l.documents[kind], Decision: "revision", Reason: reason}},
		})
	})
}

// called off is what happens to a case that is not wanted any more.
func (l *demoLife) calledOff(ago time.Duration, who, reason string) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		record, err := s.stack.Core.Cases.Get(ctx, demoUser(who), l.id)
		if err != nil {
			return err
		}
		_, err = s.stack.Core.Cases.Cancel(ctx, demoUser(who), l.id, record.Version, reason)
		return err
	})
}

// outage is when the object store stops to give the case's files.
func (l *demoLife) outage(ago time.Duration) *demoLife {
	return l.step(ago, func(_ context.Context, s *seeder, l *demoLife) error {
		s.faults.add(l.id)
		return nil
	})
}

// answered is when the vendor's call back has come.
func (l *demoLife) answered(ago time.Duration) *demoLife {
	return l.step(ago, func(ctx context.Context, s *seeder, l *demoLife) error {
		for {
			record, err := s.stack.Core.Store.Get(ctx, demoTenant, l.id)
			if _, there := record.Context["identity"]; err != nil || there {
				return err
			}
			if err := wait(ctx, time.Millisecond); err != nil {
				return fmt.Errorf("the vendor does not call back: %w", err)
			}
		}
	})
}

func (s *seeder) decide(ctx context.Context, l *demoLife, who string, cmd cases.DecideCommand) error {
	record, err := s.stack.Core.Cases.Get(ctx, demoUser(who), l.id)
	if err != nil {
		return err
	}
	_, err = s.stack.Core.Cases.Decide(ctx, demoUser(who), l.id, record.Version, cmd)
	return err
}

// Styles of a file.
const (
	asItIs   = ""
	notSent  = "not sent" // announced only
	blurred  = "blurred"  // the camera moved
	tilted   = "tilted"   // on a table, askew
	sideways = "sideways" // turned by 90 degrees
	broken   = "broken"   // the image does not decode
	somebody = "somebody" // the selfie of somebody else
	renewed  = "renewed"  // the passport that follows an expired one
	misread  = "misread"  // its zone was read with a wrong digit
)

// demoFile is a file that an applicant uploads.
type demoFile struct {
	kind, style string

	life  *demoLife
	who   specimen.Person
	now   time.Time
	drawn func() drawing
}

type drawing struct {
	bytes       []byte
	contentType string
	err         error
}

func passport(style string) *demoFile { return &demoFile{kind: "passport", style: style} }
func selfie(style string) *demoFile   { return &demoFile{kind: "selfie", style: style} }
func letter() *demoFile               { return &demoFile{kind: "proof_of_address"} }

// of completes a file when its person is known.
func (f *demoFile) of(l *demoLife, now time.Time) {
	f.life, f.now, f.who = l, now, l.person
	if f.style == renewed {
		f.who.Expires = now.AddDate(9, 11, 3)
		f.who.Number = fmt.Sprintf("R%07d", 2000003+l.number*733_331%7_000_000)
	}
	f.drawn = sync.OnceValue(f.draw)
}

// properties are what the applicant's app has read from the file.
func (f *demoFile) properties(at time.Time) map[string]any {
	switch f.kind {
	case "selfie":
		return map[string]any{"taken_at": at.UTC().Format(time.RFC3339)}
	case "proof_of_address":
		l := f.letter()
		return map[string]any{"issuer": l.Issuer, "issued": l.Date.Format(time.DateOnly), "address": strings.Join(l.Address, ", ")}
	}
	zone := f.who.Zone()
	switch f.style {
	case broken:
		return map[string]any{}
	case misread, blurred: // the zone's second line has a digit that was taken for another
		at := strings.Index(zone, "\n") + 14
		zone = zone[:at] + string('0'+(zone[at]-'0'+3)%10) + zone[at+1:]
	}
	return map[string]any{"mrz": zone, "number": f.who.Number, "expires": f.who.Expires.Format(time.DateOnly)}
}

// drawAhead draws the files in the order in which they are needed, beside the lives.
func drawAhead(ctx context.Context, steps []demoStep) {
	next := make(chan *demoFile)
	go func() {
		defer close(next)
		for _, step := range steps {
			if step.file == nil {
				continue
			}
			select {
			case next <- step.file:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range 3 {
		go func() {
			for f := range next {
				f.drawn()
			}
		}()
	}
}
