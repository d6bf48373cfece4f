package infra_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ballerine/internal/telemetry"
)

// mostMetrics is how many custom metrics an environment may have: each costs 0.30 dollars in a month in which it is written all the time.
const mostMetrics = 30

// TestEveryMetricOnAWSIsReadByWhomItNames: what nobody reads is not kept, and nobody reads what is not kept.
func TestEveryMetricOnAWSIsReadByWhomItNames(t *testing.T) {
	kept, readers := telemetry.Kept(), readersOfMetrics(t)
	if len(kept) > mostMetrics {
		t.Errorf("%d metrics: at most %d", len(kept), mostMetrics)
	}
	keys := map[string]bool{}
	for _, series := range kept {
		key := keyOf(series.Name, series.Dimension, series.Value)
		if keys[key] {
			t.Errorf("%s is there twice", key)
		}
		keys[key] = true
		if (series.Dimension == "") != (series.Value == "") {
			t.Errorf("%s: a dimension without its value would have as many metrics as it has values", key)
		}
		for _, reader := range series.Readers {
			if page, ok := strings.CutPrefix(reader, "runbook "); ok {
				text, err := os.ReadFile("../docs/runbooks/" + page + ".md")
				if err != nil || !strings.Contains(string(text), series.Name) {
					t.Errorf("%s does not read %s (%v)", reader, key, err)
				}
			} else if !slices.Contains(readers[key], reader) {
				t.Errorf("%s does not read %s: %v do", reader, key, readers[key])
			}
		}
		if len(series.Readers) == 0 {
			t.Errorf("nobody reads %s", key)
		}
	}
	for key, by := range readers {
		if !keys[key] {
			t.Errorf("%v read %s, which no function writes", by, key)
		}
	}
}

func keyOf(name, dimension, value string) string {
	return strings.TrimSuffix(name+" "+dimension+"="+value, " =")
}

// readersOfMetrics are the alarms and widgets that read metrics of the code, by the metric with its dimension.
func readersOfMetrics(t *testing.T) map[string][]string {
	t.Helper()
	readers := map[string][]string{}
	for name, alarm := range alarmsThatTell(t) {
		if strings.Contains(fmt.Sprint(at(alarm, "Metrics")), "RootStack") {
			t.Errorf("%s asks for metrics of the code by a query, which costs as much as an alarm for each that it finds", name)
		}
		if at(alarm, "Namespace") != "RootStack" {
			continue
		}
		key := fmt.Sprint(at(alarm, "MetricName"))
		if all, ok := at(alarm, "Dimensions").([]any); ok {
			for _, one := range all {
				key += fmt.Sprintf(" %v=%v", at(one, "Name"), at(one, "Value"))
			}
		}
		readers[key] = append(readers[key], "alarm "+name)
	}
	var body struct {
		Widgets []struct {
			Properties struct{ Metrics [][]any }
		}
	}
	text, _ := at(load(t, "observability.yaml"), "Resources", "Dashboard", "Properties", "DashboardBody").(string)
	if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.Widgets) == 0 {
		t.Fatal("the dashboard has no widgets", err)
	}
	for _, widget := range body.Widgets {
		for _, metric := range widget.Properties.Metrics {
			if metric[0] == "${RootStack}" {
				key := fmt.Sprint(metric[1])
				readers[key] = append(readers[key], "dashboard")
			}
		}
	}
	return readers
}

// TestWhatIsKeptIsMeasured: an alarm on a metric that the code measures by another name or dimension is for ever quiet.
func TestWhatIsKeptIsMeasured(t *testing.T) {
	measured := measuredByTheCode(t)
	if len(measured) < 20 {
		t.Fatalf("found %d metrics in the code", len(measured))
	}
	for _, series := range telemetry.Kept() {
		calls, ok := measured[series.Name]
		if !ok {
			t.Errorf("nothing measures %s", series.Name)
		}
		for _, words := range calls {
			if series.Dimension != "" && !slices.Contains(words, series.Dimension) {
				t.Errorf("%s is measured by %q, and not by %s", series.Name, words, series.Dimension)
			}
		}
	}
}

// measuredByTheCode are the texts of each call that measures, by the name of the metric.
func measuredByTheCode(t *testing.T) map[string][][]string {
	t.Helper()
	found := map[string][][]string{}
	err := filepath.WalkDir("../internal", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				if words := textsOf(call); len(words) > 0 {
					found[words[0]] = append(found[words[0]], words[1:])
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// textsOf are the literal arguments of a call of Metrics; the first one is the metric's name.
func textsOf(call *ast.CallExpr) (words []string) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Count", "Observe", "Gauge", "count"}, method.Sel.Name) || len(call.Args) == 0 {
		return nil
	}
	for n, argument := range call.Args {
		literal, ok := argument.(*ast.BasicLit)
		if ok && literal.Kind == token.STRING {
			word, _ := strconv.Unquote(literal.Value)
			words = append(words, word)
		} else if n == 0 {
			return nil
		}
	}
	return words
}
