package archtest

import "strings"

// order lists the packages from the ground up: one imports only what stands before it, or its own subpackages and siblings.
// A name stands for the package and everything below it.
var order = []string{
	"client", // others import it: it needs nothing of ours
	"internal/problem",
	"internal/telemetry",
	"internal/calendar",
	"internal/cache", "internal/ids", "internal/keyring",
	"internal/fair",
	"internal/text",
	"internal/country",
	"internal/csvfile",
	"internal/expr",
	"internal/schemafault",
	"internal/source",
	"internal/linediff",
	"internal/mrz",
	"internal/ownership",
	"internal/screening/names",
	"internal/screening",
	"internal/statechart",
	"internal/policy/table",
	"internal/policy/tablefile",
	"internal/policy/rules",
	"internal/policy/dmn",
	"internal/policy/ledger",
	"internal/policy/backtest",
	"internal/workflow",
	"internal/flow",
	"internal/asl/compile",
	"internal/asl/asltest",
	"internal/outbound",
	"internal/connector",
	"internal/docscan",
	"internal/identity",
	"internal/idempotency",
	"internal/ratelimit",
	"internal/policy/lists",
	"internal/watchlists",
	"internal/watched",
	"internal/cases",
	"internal/rescreening",
	"internal/outbox",
	"internal/registry",
	"internal/policy/trial",
	"internal/backoffice",
	"internal/webhook",
	"internal/store",
	"internal/task",
	"internal/httpapi",
	"internal/apidoc",
	"statemachines",
	"internal/app",
	"web",
	"internal/asl/interpret",
	"internal/asl/simclock",
	"internal/demo/specimen",
	"internal/local",
	"internal/demo",
	"internal/bench",
	"internal/cost",
	"infra",
	"functions",
	"cmd",
	"tools",
	"e2e",
}

// domain ends with this package of the order: up to here nothing knows AWS, an HTTP framework or an HTTP server.
const lastOfDomain = "internal/webhook"

// embedders may import the shipped definitions; everybody else is handed what it needs.
var embedders = []string{"internal/app", "internal/local", "cmd", "e2e", "tools"}

// neverShipped are the packages that no function may reach, however far around.
var neverShipped = []string{"client", "internal/apidoc", "internal/policy/tablefile/xlsx", "internal/asl/asltest", "internal/asl/interpret", "internal/asl/simclock", "internal/demo", "internal/bench", "internal/cost", "internal/local", "internal/connector/catalogue", "internal/connector/recording", "internal/mrz/canvas", "internal/store/dynamo/metered", "internal/store/embedded", "internal/store/storetest", "internal/identity/issuer", "cmd"}

// kept are methods that one package alone may call, because it knows a rule that the method does not.
var kept = map[string]string{
	"MustNew": "internal/ids",      // ids of records are made in one place
	"AddDate": "internal/calendar", // overflows into the next month if the month is too short
}

// foreign are imports that the domain does without, by prefix.
var foreign = []string{
	"github.com/aws/",
	"github.com/danielgtaylor/huma",
	"go.etcd.io/bbolt",
	"github.com/spf13/cobra",
	"github.com/rclone/gofakes3",
	"net/http/httptest",
}

// serving are the names of net/http that answer requests. The rest of it (statuses, headers, clients) is the domain's to use.
var serving = map[string]bool{
	"Server": true, "ListenAndServe": true, "ListenAndServeTLS": true, "Serve": true, "ServeTLS": true,
	"Handle": true, "HandleFunc": true, "Handler": true, "HandlerFunc": true,
	"ServeMux": true, "NewServeMux": true, "DefaultServeMux": true, "ResponseWriter": true,
}

// exempt are packages that stand in the domain's part of the order and are not domain, each for a reason. They are held to
// the order all the same.
var exempt = map[string]string{
	"client/examples/onboard":       "a program that calls us, and receives webhooks as its server",
	"internal/telemetry/prometheus": "serves its own metrics page",
	"internal/identity/issuer":      "the sign-in of a local system, beside what checks its tokens; ships to no function",
}

// place is the position of a package in the order, and the name there that it belongs to.
func place(pkg string) (int, string) {
	for i, name := range order {
		if within(pkg, name) {
			return i, name
		}
	}
	return -1, ""
}

func inDomain(pkg string) bool {
	at, _ := place(pkg)
	last, _ := place(lastOfDomain)
	return at >= 0 && at <= last
}

func within(pkg, name string) bool { return pkg == name || strings.HasPrefix(pkg, name+"/") }

func withinAny(pkg string, names []string) bool {
	for _, name := range names {
		if within(pkg, name) {
			return true
		}
	}
	return false
}
