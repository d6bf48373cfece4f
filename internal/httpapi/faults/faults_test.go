package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/store/faulty"
)

// inFiles are operations that write objects, and to no store: TestLoadingUnderFaultsLosesNothing, TestSettlingUnderFaultsLosesNothing and
// TestALostAnswerLosesNoEdition of internal/watchlists have each call of those fail, and answers lost.
var inFiles = []string{"uploadWatchlist", "loadWatchlist", "releaseWatchlist", "rejectWatchlist", "rescreenWatchlist", "removeWatchlist", "retainWatchlist", "createScreening", "listWatchlists"}

func TestEveryOperationThatWritesHasAScenario(t *testing.T) {
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for name := range scenarios {
		id, _, _ := strings.Cut(name, "/")
		named[id] = true
	}
	for _, id := range slices.Concat(reading, inFiles) {
		if named[id] {
			t.Errorf("%s is named twice", id)
		}
		named[id] = true
	}
	for _, route := range routes {
		if !named[route.Operation] {
			t.Errorf("%s has no scenario: nobody knows what it does when a store fails", route.Operation)
		}
		delete(named, route.Operation)
	}
	for id := range named {
		t.Errorf("%s is no operation", id)
	}
}

// shows is all that the interface shows of the tenant, and what has happened outside.
func (s *site) shows() string {
	s.t.Helper()
	s.plan.Arm(faulty.None, 0, nil)
	var b strings.Builder
	look := func(path string, ids string) (found []string) {
		a := s.send(context.Background(), call(ada, "GET", path, nil))
		if a.status != http.StatusOK && a.code != "not_found" {
			s.t.Fatalf("GET %s: %v", path, a)
		}
		fmt.Fprintf(&b, "%s: %s\n", path, a.text)
		var list struct{ Data []map[string]any }
		if ids != "" && json.Unmarshal([]byte(a.text), &list) == nil {
			for _, one := range list.Data {
				found = append(found, fmt.Sprint(one[ids]))
			}
		}
		return found
	}
	for _, id := range look("/v1/cases?limit=200", "id") {
		for _, path := range []string{"", "/history", "/notes", "/documents", "/tasks", "/incidents", "/verification"} {
			look("/v1/cases/"+id+path, "")
		}
	}
	for _, path := range []string{"/v1/queue", "/v1/statistics", "/v1/users", "/v1/views", "/v1/keys", "/v1/outbox/dead-letters", "/v1/publishing-settings", "/v1/workflows", "/v1/workspace", "/v1/policies/plain/backtest-runs"} {
		look(path, "")
	}
	for _, id := range look("/v1/webhooks", "id") {
		look("/v1/webhooks/"+id+"/deliveries", "")
	}
	for _, path := range []string{"/v1/workflows/small/versions", "/v1/workflows/copied/versions", "/v1/policies/plain/versions", "/v1/plugins/oracle/versions"} {
		look(path, "")
	}
	for _, id := range look("/v1/proposals", "id") {
		look("/v1/proposals/"+id, "")
	}
	for _, id := range look("/v1/policies/plain/trials", "id") {
		look("/v1/policies/plain/trials/"+id, "")
	}
	for _, id := range look("/v1/policies/plain/decisions", "id") {
		look("/v1/policies/plain/decisions/"+id, "")
	}
	for _, id := range look("/v1/lists", "id") {
		look("/v1/lists/"+id+"/editions", "")
		look("/v1/lists/"+id+"/entries", "")
	}
	effects, err := s.db.Cases().Undelivered(context.Background(), s.now().Add(365*24*time.Hour), 1<<20)
	s.must(err)
	left := map[string]int{}
	for _, e := range effects {
		if e.Tenant == s.tenant {
			left[string(e.Kind)+" "+e.Type]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(&b, "waits: %s %d\n", kind, left[kind])
	}
	fmt.Fprintf(&b, "outside: %s\n", strings.Join(s.outside.of(s.tenant), "\n"))
	b.WriteString(s.credentials())
	return s.plainly(b.String())
}

// credentials reports whether the secret that was shown before is still good.
func (s *site) credentials() string {
	secret := s.vars["secret"]
	if secret == "" {
		return ""
	}
	r := call(nobody, "GET", "/v1/cases", nil)
	r.header.Set("Authorization", "Bearer "+secret)
	return "the secret from before: " + fmt.Sprint(s.send(context.Background(), r).status) + "\n"
}

var (
	times   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+Z"`)
	secret  = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+|blr_[A-Za-z0-9]+_[A-Za-z0-9]+`)
	shown   = regexp.MustCompile(`"(prefix|token|next_cursor)":"[^"]+"`)
	retried = regexp.MustCompile(`\{"id":"task_[^{}]*"outcome":"failed","error":"(unavailable|timeout)"[^{}]*\},|,\{"id":"task_[^{}]*"outcome":"stale"[^{}]*\}`) // attempts that the machine has made again
	figures = regexp.MustCompile(`"(took_us|duration|median|p90)":[0-9.]+`)
	ports   = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// plainly is a text without what differs from run to run: ids are numbered as they come, and times are left out.
func (s *site) plainly(text string) string {
	if strings.Contains(text, `{"id":"task_`) {
		text = retried.ReplaceAllString(text, "")
	}
	text = strings.ReplaceAll(text, s.tenant, "<tenant>")
	text = withoutNames(text)
	text = times.ReplaceAllString(text, `"<time>"`)
	text = secret.ReplaceAllString(text, "<secret>")
	text = shown.ReplaceAllString(text, "<secret>")
	text = ports.ReplaceAllString(text, "<port>")
	return figures.ReplaceAllString(text, `"$1":0`)
}

const idLength = 26 // of what follows a prefix

// withoutNames is a text with numbers in place of ids (prefix_ULID, in words of their own) and without hashes. It is done for
// megabytes, which regular expressions that count take long for.
func withoutNames(text string) string {
	var b strings.Builder
	numbers, counts := map[string]string{}, map[string]int{}
	for at := 0; at < len(text); {
		word := at
		for at < len(text) && isWord(text[at]) {
			at++
		}
		switch found := text[word:at]; {
		case found == "":
			b.WriteByte(text[at])
			at++
		case isID(found):
			if numbers[found] == "" {
				kind := found[:len(found)-idLength-1]
				counts[kind]++
				numbers[found] = fmt.Sprintf("<%s %d>", kind, counts[kind])
			}
			b.WriteString(numbers[found])
		default:
			b.WriteString(withoutHashes(found))
		}
	}
	return b.String()
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isID(word string) bool {
	at := len(word) - idLength - 1
	return at > 0 && word[at] == '_' && !strings.ContainsFunc(word[:at], func(r rune) bool { return r < 'a' || r > 'z' }) &&
		!strings.ContainsFunc(word[at+1:], func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') })
}

// withoutHashes leaves out 32 or more hexadecimal digits that follow each other.
func withoutHashes(word string) string {
	const least = 32
	if len(word) < least {
		return word
	}
	var b strings.Builder
	for at := 0; at < len(word); {
		run := at
		for at < len(word) && strings.IndexByte("0123456789abcdef", word[at]) >= 0 {
			at++
		}
		switch {
		case at-run >= least:
			b.WriteString("<hash>")
		case at > run:
			b.WriteString(word[run:at])
		default:
			b.WriteByte(word[at])
			at++
		}
	}
	return b.String()
}

func TestWhatDiffersFromRunToRunIsLeftOut(t *testing.T) {
	const id, hash = "01KJVKTCGRPGRJ2MCPA657R3QW", "0123456789abcdef0123456789abcdef"
	s := &site{tenant: "t1"}
	for text, want := range map[string]string{
		"":                              "",
		"case_" + id:                    "<case 1>",
		"case_" + id + "/doc_" + id:     "<case 1>/<doc 1>",
		"case_" + id + ",case_" + id:    "<case 1>,<case 1>",
		"case_" + id + "0":              "case_" + id + "0",
		"Case_" + id:                    "Case_" + id,
		"_" + id:                        "_" + id,
		"case_" + strings.ToLower(id):   "case_" + strings.ToLower(id),
		"x_case_" + id:                  "x_case_" + id,
		hash:                            "<hash>",
		hash + "00":                     "<hash>",
		"call_" + hash + "_" + hash:     "call_<hash>_<hash>",
		hash[1:]:                        hash[1:],
		`{"at":"2026-03-04T05:06:07Z"}`: `{"at":"<time>"}`,
		`"took_us":12.5 for t1`:         `"took_us":0 for <tenant>`,
		`{"prefix":"blr_a"}`:            `{<secret>}`,
		"http://127.0.0.1:80/":          "http://<port>/",
	} {
		if is := s.plainly(text); is != want {
			t.Errorf("%s: %s, want %s", text, is, want)
		}
	}
}

// leniently is a success without what its operation may answer differently if it was done before.
func (c scenario) leniently(a answer) answer {
	if c.differs == nil {
		return a
	}
	a.status, a.text = http.StatusOK, c.differs.ReplaceAllString(a.text, "")
	return a
}

// differences are the lines in which two texts differ.
func differences(is, want string) string {
	a, b := strings.Split(is, "\n"), strings.Split(want, "\n")
	var found []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			found = append(found, "  is:   "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			found = append(found, "  want: "+line)
		}
	}
	return strings.Join(found, "\n")
}

func TestCallsSurviveEveryFailureOfTheStores(t *testing.T) {
	t.Parallel()
	for name, c := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.fresh(t)
			r := c.prepare(s)
			r.header.Set("Idempotency-Key", "once")
			good, _ := s.insist(r, faulty.None, 0)
			calls := s.plan.Calls()
			if good.status >= http.StatusMultipleChoices && good.status != http.StatusFound {
				t.Fatalf("without a fault: %v", good)
			}
			good.text = s.plainly(good.text)
			want := s.shows()
			if len(calls) == 0 {
				t.Fatal("the operation asks nothing of a store")
			}
			for _, fault := range append(faulty.Faults(), faulty.Later) {
				for k, called := range calls {
					if !faulty.Meets(fault, called) || !faulty.Writes(called) && fault != faulty.Before && fault != faulty.Killed {
						continue
					}
					if fault == faulty.Later && c.unnamed {
						continue
					}
					t.Run(fmt.Sprintf("%s %d %s", called, k+1, fault), func(t *testing.T) {
						s.fresh(t)
						r := c.prepare(s)
						r.header.Set("Idempotency-Key", "once")
						a, tries := s.insist(r, fault, k+1)
						if is := s.shows(); is != want {
							t.Errorf("it shows:\n%s\nafter %v", differences(is, want), tries)
						}
						done := len(tries) > 1 || fault == faulty.Twice
						if done && c.again != "" && a.code == c.again {
							return
						}
						is, must := a, good
						if done && a.status < http.StatusMultipleChoices {
							is, must = c.leniently(a), c.leniently(good)
						}
						if is.status != must.status || s.plainly(is.text) != must.text {
							t.Errorf("answers %v\nwant    %d %s", tries, must.status, must.text)
						}
					})
				}
			}
		})
	}
}
