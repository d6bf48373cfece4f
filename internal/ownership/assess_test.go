package ownership

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const today = "2026-11-30"

func rule(t testing.TB, text string) Rule {
	t.Helper()
	r, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func percentOf(t testing.TB, text string) *big.Rat {
	t.Helper()
	part, err := readPercent(text)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// holds is a shareholding of some percent.
func holds(t testing.TB, owner, company, percent string) Link {
	share := Exactly(percentOf(t, percent))
	return Link{Owner: owner, Company: company, Interest: Shareholding, Share: &share}
}

// of is a structure whose parties are the links': names in capitals are companies, others people.
func of(subject string, links ...Link) Structure {
	s := Structure{Subject: subject, Links: links}
	add := func(id string) {
		kind := Person
		if id != "" && id[0] >= 'A' && id[0] <= 'Z' {
			kind = Company
		}
		if id != "" && !slices.ContainsFunc(s.Parties, func(p Party) bool { return p.ID == id }) {
			s.Parties = append(s.Parties, Party{ID: id, Kind: kind})
		}
	}
	add(subject)
	for _, l := range links {
		add(l.Owner)
		add(l.Company)
	}
	return s
}

func assess(t testing.TB, s Structure, r Rule) Assessment {
	t.Helper()
	a, err := Assess(s, r, today)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a Assessment) person(id string) PersonResult {
	for _, p := range a.People {
		if p.ID == id {
			return p
		}
	}
	return PersonResult{Share: none(), Verdict: IsNoOwner}
}

func (a Assessment) has(code Code, party string) bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Code == code && f.Party == party })
}

func TestThresholdIsThatOfTheRule(t *testing.T) {
	for _, test := range []struct {
		percent, rule string
		want          Verdict
	}{
		{"24.99", "uk", IsNoOwner},
		{"25", "uk", IsNoOwner},
		{"25.01", "uk", IsOwner},
		{"24.99", "eu", IsNoOwner},
		{"25", "eu", IsOwner},
		{"25.01", "eu", IsOwner},
		{"24.99", "us", IsNoOwner},
		{"25", "us", IsOwner},
		{"25.01", "us", IsOwner},
		{"10", ">10", IsNoOwner},
		{"10.01", ">10", IsOwner},
		{"14.999999999999", ">=15", IsNoOwner},
		{"15", ">=15", IsOwner},
	} {
		s := of("ACME", holds(t, "ann", "ACME", test.percent))
		if got := assess(t, s, rule(t, test.rule)).person("ann").Verdict; got != test.want {
			t.Errorf("%s %% by %s: %s, not %s", test.percent, test.rule, got, test.want)
		}
	}
}

func TestChainsMultiplyAndAdd(t *testing.T) {
	s := of("ACME",
		holds(t, "A", "ACME", "60"), holds(t, "B", "ACME", "40"),
		holds(t, "ann", "A", "50"), holds(t, "bob", "A", "50"), holds(t, "ann", "B", "25"), holds(t, "cyd", "B", "75"),
	)
	a := assess(t, s, rule(t, "eu"))
	for id, want := range map[string]string{"ann": "40 %", "bob": "30 %", "cyd": "30 %"} {
		if got := a.person(id).Share.String(); got != want {
			t.Errorf("%s has %s, not %s", id, got, want)
		}
	}
	if paths := a.person("ann").Paths; len(paths) != 2 || paths[0].Share.String() != "30 %" || paths[1].Share.String() != "10 %" {
		t.Errorf("paths: %+v", paths)
	}
	if a.Unexplained.High.Sign() != 0 || len(a.Findings) != 0 {
		t.Errorf("unexplained %s, findings %+v", a.Unexplained, a.Findings)
	}
}

func TestBandsStayBands(t *testing.T) {
	band := Share{Low: percentOf(t, "25"), High: percentOf(t, "50"), OverLow: true}
	link := Link{Owner: "ann", Company: "ACME", Interest: Shareholding, Share: &band}
	a := assess(t, of("ACME", link), rule(t, "uk"))
	if p := a.person("ann"); p.Verdict != IsOwner || p.Share.String() != "more than 25 %, at most 50 %" {
		t.Errorf("%s: %s", p.Verdict, p.Share)
	}
	through := of("ACME", holds(t, "A", "ACME", "100"), Link{Owner: "ann", Company: "A", Interest: Shareholding, Share: &band})
	if p := assess(t, through, rule(t, "uk")).person("ann"); p.Verdict != IsOwner {
		t.Errorf("through a company of which everything is held: %s %s", p.Verdict, p.Share)
	}
	half := of("ACME", holds(t, "A", "ACME", "60"), Link{Owner: "ann", Company: "A", Interest: Shareholding, Share: &band})
	if p := assess(t, half, rule(t, "us")).person("ann"); p.Verdict != Undecided || p.Share.String() != "more than 15 %, at most 30 %" {
		t.Errorf("a band around the threshold: %s %s", p.Verdict, p.Share)
	}
}

func TestCirclesAreFollowedToTheirEnd(t *testing.T) {
	// A owns half of B, and B half of A: of ACME, ann gets 1/2 + 1/8 + … through A, bob the rest.
	s := of("ACME", holds(t, "A", "ACME", "100"), holds(t, "B", "A", "50"), holds(t, "ann", "A", "50"), holds(t, "A", "B", "50"), holds(t, "bob", "B", "50"))
	a := assess(t, s, rule(t, "eu"))
	if ann, bob := a.person("ann").Share, a.person("bob").Share; ann.Low.Cmp(big.NewRat(2, 3)) != 0 || !ann.exact() || bob.Low.Cmp(big.NewRat(1, 3)) != 0 {
		t.Errorf("ann %s, bob %s", ann, bob)
	}
	if !a.has(circular, "A") {
		t.Errorf("findings: %+v", a.Findings)
	}
}

func TestWhatOwnsItselfIsOwnedByTheOthers(t *testing.T) {
	a := assess(t, of("ACME", holds(t, "ACME", "ACME", "20"), holds(t, "ann", "ACME", "80")), rule(t, "eu"))
	if got := a.person("ann").Share.String(); got != "100 %" || !a.has(ownsItself, "ACME") {
		t.Errorf("ann has %s; %+v", got, a.Findings)
	}
}

func TestClosedLoopBelongsToNobody(t *testing.T) {
	var links []Link
	for n := range 50 {
		links = append(links, holds(t, fmt.Sprintf("C%02d", (n+1)%50), fmt.Sprintf("C%02d", n), "100"))
	}
	a := assess(t, of("C00", links...), rule(t, "eu"))
	if !a.has(closedLoop, "C00") || len(a.People) != 0 || a.Unexplained.High.Cmp(one) != 0 {
		t.Errorf("%+v, unexplained %s", a.Findings, a.Unexplained)
	}
}

func TestMoreThanEverythingIsNotRelied(t *testing.T) {
	a := assess(t, of("ACME", holds(t, "ann", "ACME", "60"), holds(t, "bob", "ACME", "60")), rule(t, "eu"))
	if p := a.person("ann"); p.Verdict != Undecided || !a.has(over100, "ACME") {
		t.Errorf("%s; %+v", p.Verdict, a.Findings)
	}
}

func TestControlFollowsMajorities(t *testing.T) {
	s := of("ACME", holds(t, "ann", "A", "51"), holds(t, "bob", "A", "49"), holds(t, "A", "ACME", "30"), holds(t, "cyd", "ACME", "70"))
	a := assess(t, s, rule(t, "eu"))
	if p := a.person("ann"); p.Verdict != IsOwner || p.Control || !slices.Equal(p.Bases, []Basis{byStake}) || p.Share.String() != "15.3 %" {
		t.Errorf("ann: %+v", p)
	}
	if p := assess(t, s, rule(t, "us")).person("ann"); p.Verdict != IsNoOwner {
		t.Errorf("ann by a rule that only multiplies: %+v", p)
	}
	if p := a.person("cyd"); !p.Control {
		t.Errorf("cyd: %+v", p)
	}
	if p := a.person("bob"); p.Verdict != IsNoOwner || p.Control {
		t.Errorf("bob: %+v", p)
	}
}

func TestVotesOfControlledCompaniesCountTogether(t *testing.T) {
	s := of("ACME", holds(t, "ann", "A", "60"), holds(t, "ann", "B", "60"), holds(t, "A", "ACME", "30"), holds(t, "B", "ACME", "21"), holds(t, "x", "A", "40"), holds(t, "y", "B", "40"), holds(t, "z", "ACME", "49"))
	if p := assess(t, s, rule(t, "eu")).person("ann"); !p.Control || p.Votes.String() != "51 %" {
		t.Errorf("%+v", p)
	}
}

func TestRolesInTrustsCount(t *testing.T) {
	s := Structure{
		Subject: "ACME",
		Parties: []Party{{ID: "ACME", Kind: Company}, {ID: "T", Kind: Trust}, {ID: "sue", Kind: Person}, {ID: "tom", Kind: Person}, {ID: "ben", Kind: Person}},
		Links: []Link{
			holds(t, "T", "ACME", "40"),
			{Owner: "sue", Company: "T", Interest: Settlor},
			{Owner: "tom", Company: "T", Interest: Trustee},
			{Owner: "ben", Company: "T", Interest: Beneficiary},
		},
	}
	a := assess(t, s, rule(t, "eu"))
	for _, id := range []string{"sue", "tom", "ben"} {
		if p := a.person(id); p.Verdict != IsOwner {
			t.Errorf("%s: %+v", id, p)
		}
	}
}

func TestWhatIsStatedAsASumIsNotAddedToItsChains(t *testing.T) {
	claim := holds(t, "ann", "ACME", "30")
	claim.Indirect = true
	unknown := Link{Owner: "ann", Company: "A", Interest: Unspecified}
	a := assess(t, of("ACME", holds(t, "A", "ACME", "60"), unknown, claim), rule(t, "eu"))
	if p := a.person("ann"); p.Share.String() != "30 %" || !p.Paths[0].Total || len(p.Paths) != 2 {
		t.Errorf("%+v", p)
	}
	more := holds(t, "ann", "ACME", "70")
	more.Indirect = true
	if a := assess(t, of("ACME", holds(t, "A", "ACME", "60"), unknown, more), rule(t, "eu")); !a.has(indirectDiffers, "ACME") {
		t.Errorf("%+v", a.Findings)
	}
	alone := holds(t, "ann", "ACME", "26")
	alone.Indirect = true
	if p := assess(t, of("ACME", alone), rule(t, "eu")).person("ann"); p.Share.String() != "26 %" {
		t.Errorf("%+v", p)
	}
}

func TestManagersStandInOnlyForNobody(t *testing.T) {
	manager := Link{Owner: "max", Company: "ACME", Interest: Manager}
	spread := of("ACME", manager, holds(t, "a", "ACME", "20"), holds(t, "b", "ACME", "20"), holds(t, "c", "ACME", "20"), holds(t, "d", "ACME", "20"), holds(t, "e", "ACME", "20"))
	a := assess(t, spread, rule(t, "eu"))
	if p := a.person("max"); p.Verdict != IsOwner || !slices.Equal(p.Bases, []Basis{byOffice}) || !a.has(nobodyQualifies, "ACME") {
		t.Errorf("nobody else: %+v", p)
	}
	if p := assess(t, of("ACME", manager, holds(t, "a", "ACME", "90")), rule(t, "eu")).person("max"); p.Verdict != IsNoOwner {
		t.Errorf("beside an owner: %+v", p)
	}
}

func TestSourcesThatDifferAreNamed(t *testing.T) {
	registered := holds(t, "ann", "ACME", "60")
	registered.Source = Registry
	a := assess(t, of("ACME", holds(t, "ann", "ACME", "40"), registered), rule(t, "eu"))
	i := slices.IndexFunc(a.Findings, func(f Finding) bool { return f.Code == sourcesDiffer })
	if i < 0 || a.Findings[i].Text != "The shares of ann in ACME differ: declared 40 %, registry 60 %." {
		t.Fatalf("%+v", a.Findings)
	}
	if got := a.person("ann").Share.String(); got != "at least 40 %, at most 60 %" && got != "40 % to 60 %" {
		t.Errorf("share %s", got)
	}
}

func TestLinksHoldOnTheirDays(t *testing.T) {
	former := holds(t, "ann", "ACME", "100")
	former.To = today
	later := holds(t, "bob", "ACME", "100")
	later.From = today
	a := assess(t, of("ACME", former, later), rule(t, "eu"))
	if a.person("ann").Verdict != IsNoOwner || a.person("bob").Verdict != IsOwner {
		t.Errorf("%+v", a.People)
	}
}

// dense is a circle of n companies that hold one part of each other; ada and ben hold the given parts of each.
func dense(t *testing.T, n int, each, ada, ben Share) Structure {
	var links []Link
	hold := func(owner, company string, share Share) {
		links = append(links, Link{Owner: owner, Company: company, Interest: Shareholding, Share: &share})
	}
	for c := range n {
		id := fmt.Sprintf("C%02d", c)
		for o := range n {
			if o != c {
				hold(fmt.Sprintf("C%02d", o), id, each)
			}
		}
		hold("ada", id, ada)
		hold("ben", id, ben)
	}
	return of("C00", links...)
}

func TestLargeCirclesAreFollowedToTheirEnd(t *testing.T) {
	part := func(percent string) Share { return Exactly(percentOf(t, percent)) }
	a := assess(t, dense(t, 35, part("2"), part("10"), part("22")), rule(t, "eu"))
	for id, want := range map[string]float64{"ada": 0.3125, "ben": 0.6875} {
		low, _ := a.person(id).Share.Low.Float64()
		high, _ := a.person(id).Share.High.Float64()
		if low > want || high < want || high-low > 1e-9 || !a.Rounded {
			t.Errorf("%s has %v to %v, not %v", id, low, high, want)
		}
	}
}

func TestLargeCirclesOfBandsContainTheTruth(t *testing.T) {
	band := func(low, high string) Share { return Share{Low: percentOf(t, low), High: percentOf(t, high)} }
	a := assess(t, dense(t, 60, band("1.4", "1.4"), band("5.5", "6.3"), band("0", "14.4")), rule(t, "eu"))
	// 60 companies hold 1.4 % of each other, ada 6 %, ben 11.4 %: of what leaves the circle ben gets 11.4 / 17.4.
	ben := a.person("ben").Share
	if want := big.NewRat(114, 174); ben.Low.Cmp(want) > 0 || ben.High.Cmp(want) < 0 {
		t.Errorf("ben has %s, which does not hold %s", ben, want.FloatString(4))
	}
}

func TestNobodyIsHiddenByWhatElseIsStated(t *testing.T) {
	from := func(source Source, l Link) Link { l.Source = source; return l }
	interest := func(owner, company string, kind Interest, percent string) Link {
		l := holds(t, owner, company, percent)
		l.Interest = kind
		return l
	}
	without := func(owner, company string, kind Interest) Link {
		return Link{Owner: owner, Company: company, Interest: kind}
	}
	indirect := func(l Link) Link { l.Indirect = true; return l }
	five := []Link{holds(t, "p1", "ACME", "20"), holds(t, "p2", "ACME", "20"), holds(t, "p3", "ACME", "20"), holds(t, "p4", "ACME", "20"), holds(t, "p5", "ACME", "20")}
	for name, test := range map[string]struct {
		links []Link
		rule  string
		who   string
		want  []Verdict
	}{
		"a dispute is not settled by the disputing source": {
			[]Link{from(Registry, holds(t, "ada", "ACME", "60")), holds(t, "ada", "ACME", "20"), holds(t, "b", "ACME", "20"), holds(t, "c", "ACME", "20"), holds(t, "d", "ACME", "20"), holds(t, "e", "ACME", "20")},
			"eu", "ada",
			[]Verdict{Undecided},
		},
		"rights to profits beside few shares": {[]Link{holds(t, "ada", "ACME", "1"), interest("ada", "ACME", Profits, "90"), holds(t, "b", "ACME", "99")}, "eu", "ada", []Verdict{IsOwner}},
		"a part of who controls":              {[]Link{holds(t, "ada", "H", "45"), holds(t, "x", "H", "55"), holds(t, "H", "ACME", "51"), holds(t, "y", "ACME", "49")}, "eu", "ada", []Verdict{IsOwner}},
		"votes along a chain":                 {[]Link{interest("ada", "H", Votes, "50"), interest("x", "H", Votes, "50"), interest("H", "ACME", Votes, "60"), holds(t, "b", "ACME", "100")}, "eu", "ada", []Verdict{IsOwner}},
		"appointments that add up":            {append([]Link{interest("ada", "ACME", BoardAppointment, "40"), interest("H", "ACME", BoardAppointment, "40"), holds(t, "ada", "H", "100")}, five...), "eu", "ada", []Verdict{IsOwner}},
		"an indirect statement beside an office": {
			[]Link{without("ada", "X", Director), holds(t, "X", "ACME", "1"), holds(t, "b", "X", "100"), holds(t, "b", "ACME", "99"), indirect(interest("ada", "ACME", Votes, "40"))},
			"eu", "ada",
			[]Verdict{IsOwner, Undecided},
		},
		"an indirect share of another company": {
			[]Link{holds(t, "ada", "X", "1"), holds(t, "X", "H", "1"), indirect(holds(t, "ada", "H", "60")), holds(t, "H", "ACME", "100")},
			"eu", "ada",
			[]Verdict{IsOwner, Undecided},
		},
		"votes that the company has in itself": {
			[]Link{interest("ACME", "ACME", Votes, "20"), interest("ada", "ACME", Votes, "24"), interest("b", "ACME", Votes, "56")}, "uk", "ada", []Verdict{IsOwner},
		},
		"a manager beside an owner in the United States": {[]Link{holds(t, "a", "ACME", "100"), without("max", "ACME", Manager)}, "us", "max", []Verdict{IsOwner}},
		"managers where somebody unnamed has control":    {append([]Link{without("max", "ACME", Manager), without("", "ACME", Influence)}, five...), "eu", "max", []Verdict{IsNoOwner}},
		"managers where a company without owners votes":  {append([]Link{without("max", "ACME", Manager), interest("X", "ACME", Votes, "90")}, five...), "eu", "max", []Verdict{IsNoOwner}},
	} {
		t.Run(name, func(t *testing.T) {
			a := assess(t, of("ACME", test.links...), rule(t, test.rule))
			if p := a.person(test.who); !slices.Contains(test.want, p.Verdict) {
				t.Errorf("%s: %s %v, not %v; %+v", test.who, p.Verdict, p.Bases, test.want, a.Findings)
			}
		})
	}
}

func TestPeopleBehindTrustsInChainsCount(t *testing.T) {
	s := Structure{
		Subject: "acme",
		Parties: []Party{
			{ID: "acme", Kind: Company},
			{ID: "h", Kind: Company},
			{ID: "t", Kind: Trust},
			{ID: "corp", Kind: Company},
			{ID: "sue", Kind: Person},
			{ID: "own", Kind: Person},
			{ID: "ben", Kind: Person},
		},
		Links: []Link{
			{Owner: "sue", Company: "t", Interest: Settlor},
			{Owner: "corp", Company: "t", Interest: Trustee},
			holds(t, "own", "corp", "50"),
			holds(t, "t", "h", "50"), holds(t, "ben", "h", "50"), holds(t, "h", "acme", "60"), holds(t, "ben", "acme", "40"),
		},
	}
	a := assess(t, s, rule(t, "eu"))
	for _, id := range []string{"sue", "own"} {
		if p := a.person(id); p.Verdict != IsOwner || !slices.Contains(p.Bases, byTrust) {
			t.Errorf("%s: %+v", id, p)
		}
	}
}

func TestPeopleOfOneNameMayBeOnePerson(t *testing.T) {
	s := of("ACME", holds(t, "ada1", "ACME", "20"), holds(t, "ada2", "ACME", "20"), holds(t, "b", "ACME", "60"))
	for i, p := range s.Parties {
		if p.ID == "ada1" || p.ID == "ada2" {
			s.Parties[i].Name = map[string]string{"ada1": "Ada Example", "ada2": "Ada  EXAMPLE"}[p.ID]
		}
	}
	a := assess(t, s, rule(t, "eu"))
	if p := a.person("ada1"); p.Verdict != Undecided || !a.has(sameName, "ACME") {
		t.Errorf("%+v %+v", p, a.Findings)
	}
}

// What somebody sends must not take minutes.
func TestManyPeopleBehindALongChainAreBounded(t *testing.T) {
	s := Structure{Subject: "c0", Parties: []Party{{ID: "c0", Kind: Company}}}
	const n = 600
	for i := range n {
		s.Parties = append(s.Parties, Party{ID: fmt.Sprintf("c%d", i+1), Kind: Company}, Party{ID: fmt.Sprintf("p%d", i), Kind: Person})
		s.Links = append(s.Links, holds(t, fmt.Sprintf("c%d", i+1), fmt.Sprintf("c%d", i), "100"), Link{Owner: fmt.Sprintf("p%d", i), Company: fmt.Sprintf("c%d", n), Interest: Settlor})
	}
	a := assess(t, s, rule(t, "eu"))
	returned := 0
	for _, p := range a.People {
		if p.Verdict == IsNoOwner {
			t.Fatalf("%s is ruled out", p.ID)
		}
		for _, path := range p.Paths {
			returned += len(path.Steps)
		}
	}
	if len(a.People) != n || returned > maxReturned {
		t.Errorf("%d people, %d steps", len(a.People), returned)
	}
}

// random draws companies C00…, of which C00 is the subject, and people, with shares that add up to at most 100 %.
func random(t *rapid.T, acyclic, bands bool) Structure {
	n := rapid.IntRange(1, 9).Draw(t, "companies")
	people := rapid.IntRange(1, 5).Draw(t, "people")
	var links []Link
	for c := range n {
		left := 100
		for range rapid.IntRange(0, 4).Draw(t, "owners") {
			part := rapid.IntRange(0, left).Draw(t, "part")
			left -= part
			owner := fmt.Sprintf("p%d", rapid.IntRange(0, people-1).Draw(t, "person"))
			low := 0
			if acyclic {
				low = c + 1
			}
			if low < n && rapid.Bool().Draw(t, "company") {
				owner = fmt.Sprintf("C%02d", rapid.IntRange(low, n-1).Draw(t, "owner"))
			}
			exact := big.NewRat(int64(part), 100)
			share := Exactly(exact)
			if bands && rapid.Bool().Draw(t, "band") {
				under := rapid.IntRange(0, part).Draw(t, "under")
				over := rapid.IntRange(part, 100).Draw(t, "over")
				share = Share{Low: big.NewRat(int64(under), 100), High: big.NewRat(int64(over), 100)}
			}
			links = append(links, Link{ID: exact.RatString(), Owner: owner, Company: fmt.Sprintf("C%02d", c), Interest: Shareholding, Share: &share})
		}
	}
	return of("C00", links...)
}

// truth are the shares that the random structure was made from, by person, followed for many rounds.
func truth(s Structure, rounds int) map[string]float64 {
	now, got := map[string]float64{s.Subject: 1}, map[string]float64{}
	for range rounds {
		next := map[string]float64{}
		for _, l := range s.Links {
			part, _ := new(big.Rat).SetString(l.ID)
			f, _ := part.Float64()
			if l.Owner[0] == 'p' {
				got[l.Owner] += now[l.Company] * f
			} else {
				next[l.Owner] += now[l.Company] * f
			}
		}
		now = next
	}
	return got
}

func TestIntervalsContainTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random(t, false, true)
		a, err := Assess(s, Rules()[0], today)
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range truth(s, 3000) {
			share := Share{Low: zero, High: zero}
			for _, p := range a.People {
				if p.ID == id {
					share = p.Share
				}
			}
			low, _ := share.Low.Float64()
			high, _ := share.High.Float64()
			if want < low-1e-9 || want > high+1e-9 {
				t.Fatalf("%s has %v, which is not in %s", id, want, share)
			}
		}
	})
}

// paths by naive enumeration, exact.
func enumerate(s Structure, company string, part *big.Rat, got map[string]*big.Rat) {
	for _, l := range s.Links {
		if l.Company != company || l.Share.Low.Sign() == 0 {
			continue
		}
		product := new(big.Rat).Mul(part, l.Share.Low)
		if l.Owner[0] == 'p' {
			if got[l.Owner] == nil {
				got[l.Owner] = new(big.Rat)
			}
			got[l.Owner].Add(got[l.Owner], product)
		} else {
			enumerate(s, l.Owner, product, got)
		}
	}
}

func TestChainsEqualTheirEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random(t, true, false)
		a, err := Assess(s, Rules()[0], today)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*big.Rat{}
		enumerate(s, "C00", one, want)
		for _, p := range a.People {
			if expected := want[p.ID]; expected == nil && p.Share.Low.Sign() != 0 || expected != nil && (p.Share.Low.Cmp(expected) != 0 || !p.Share.exact()) {
				t.Fatalf("%s has %s, not %v", p.ID, p.Share, expected)
			}
			delete(want, p.ID)
		}
		if len(want) > 0 {
			t.Fatalf("missing: %v", want)
		}
	})
}

// solve is the share of each person by the linear system, by plain elimination with rational numbers; nil where it has no solution.
func solve(s Structure) map[string]*big.Rat {
	index := map[string]int{}
	for _, p := range s.Parties {
		if p.Kind == Company {
			index[p.ID] = len(index)
		}
	}
	n := len(index)
	m := make([][]*big.Rat, n)
	for i := range m {
		m[i] = make([]*big.Rat, n+1)
		for j := range m[i] {
			m[i][j] = new(big.Rat)
		}
		m[i][i].Set(one)
	}
	m[index[s.Subject]][n].Set(one)
	for _, l := range s.Links {
		if i, company := index[l.Owner]; company {
			m[i][index[l.Company]].Sub(m[i][index[l.Company]], l.Share.Low)
		}
	}
	for k := range n {
		pivot := k
		for pivot < n && m[pivot][k].Sign() == 0 {
			pivot++
		}
		if pivot == n {
			return nil
		}
		m[k], m[pivot] = m[pivot], m[k]
		for i := range n {
			if i == k || m[i][k].Sign() == 0 {
				continue
			}
			factor := new(big.Rat).Quo(m[i][k], m[k][k])
			for j := k; j <= n; j++ {
				m[i][j].Sub(m[i][j], new(big.Rat).Mul(factor, m[k][j]))
			}
		}
	}
	got := map[string]*big.Rat{}
	for _, l := range s.Links {
		if _, company := index[l.Owner]; company {
			continue
		}
		k := index[l.Company]
		if got[l.Owner] == nil {
			got[l.Owner] = new(big.Rat)
		}
		got[l.Owner].Add(got[l.Owner], new(big.Rat).Mul(l.Share.Low, new(big.Rat).Quo(m[k][n], m[k][k])))
	}
	return got
}

func TestCirclesEqualTheLinearSystem(t *testing.T) {
	solved := 0
	rapid.Check(t, func(t *rapid.T) {
		s := random(t, false, false)
		want := solve(s)
		if want == nil {
			return
		}
		solved++
		a, err := Assess(s, Rules()[0], today)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range a.People {
			if expected := want[p.ID]; expected == nil || p.Share.Low.Cmp(expected) != 0 || !p.Share.exact() {
				t.Fatalf("%s has %s, not %v", p.ID, p.Share, expected)
			}
		}
	})
	if solved == 0 {
		t.Error("no system had a solution")
	}
}

func TestOrderOfStatementsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random(t, false, true)
		a, err := Assess(s, Rules()[0], today)
		if err != nil {
			t.Fatal(err)
		}
		turned := Structure{Subject: s.Subject, Parties: rapid.Permutation(s.Parties).Draw(t, "parties"), Links: rapid.Permutation(s.Links).Draw(t, "links")}
		b, err := Assess(turned, Rules()[0], today)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := written(a), written(b); x != y {
			t.Fatalf("%s\n%s", x, y)
		}
	})
}

func written(a Assessment) string {
	text := a.Unexplained.String()
	for _, p := range a.People {
		text += fmt.Sprintf("\n%s %s %s %v %v %v", p.ID, p.Share, p.Votes, p.Control, p.Verdict, p.Bases)
		for _, path := range p.Paths {
			text += fmt.Sprintf("\n  %s %v", path.Share, len(path.Steps))
		}
	}
	for _, f := range a.Findings {
		text += "\n" + f.Text
	}
	return text
}
