package infra_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// alarmsThatTell are the alarms of all templates that notify people; the others roll deployments back.
func alarmsThatTell(t *testing.T) map[string]any {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	for _, file := range append(files, "../template.yaml") {
		all, _ := load(t, file)["Resources"].(map[string]any)
		for name, resource := range all {
			if at(resource, "Type") == "AWS::CloudWatch::Alarm" && at(resource, "Properties", "AlarmActions") != nil {
				found[name] = at(resource, "Properties")
			}
		}
	}
	if len(found) < 20 {
		t.Fatalf("%d alarms", len(found))
	}
	return found
}

var runbook = regexp.MustCompile(`Runbook: docs/runbooks/([a-z-]+\.md)$`)

// TestEveryAlarmHasARunbook: whoever is woken up reads in the alarm which page to open, and the page is about this alarm.
func TestEveryAlarmHasARunbook(t *testing.T) {
	index, err := os.ReadFile("../docs/runbooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"README.md": true, "restore.md": true} // which no alarm leads to
	for name, alarm := range alarmsThatTell(t) {
		named := runbook.FindStringSubmatch(fmt.Sprint(at(alarm, "AlarmDescription")))
		if named == nil {
			t.Errorf("the description of %s names no runbook: %v", name, at(alarm, "AlarmDescription"))
			continue
		}
		used[named[1]] = true
		page, err := os.ReadFile("../docs/runbooks/" + named[1])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range []string{"`" + name + "`", "\n## Look first\n", "\n## Do\n", "\n**Until morning?** "} {
			if !strings.Contains(string(page), part) {
				t.Errorf("docs/runbooks/%s, which %s names, lacks %q", named[1], name, part)
			}
		}
		if row := regexp.MustCompile("(?m)^\\| .*`" + name + "`.* \\| .*\\(" + regexp.QuoteMeta(named[1]) + "\\) \\|"); !row.Match(index) {
			t.Errorf("docs/runbooks/README.md does not lead from %s to %s", name, named[1])
		}
	}
	pages, err := filepath.Glob("../docs/runbooks/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if !used[filepath.Base(page)] {
			t.Errorf("%s is the runbook of no alarm", page)
		}
	}
}

// TestEveryAlarmSaysWhatNoDataMeans, and when it is over; only a schedule that has stopped looks like no data.
func TestEveryAlarmSaysWhatNoDataMeans(t *testing.T) {
	for name, alarm := range alarmsThatTell(t) {
		want := "notBreaching"
		if name == "SweepMissing" || name == "RescreeningLate" {
			want = "breaching"
		}
		if at(alarm, "TreatMissingData") != want || at(alarm, "OKActions") == nil {
			t.Errorf("%s: missing data is %v, want %s; notified at its end: %v", name, at(alarm, "TreatMissingData"), want, at(alarm, "OKActions"))
		}
	}
}
