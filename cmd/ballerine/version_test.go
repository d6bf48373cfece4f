package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestTheVersionNamesWhatWasBuilt(t *testing.T) {
	stamped := buildOf(&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}, {Key: "vcs.time", Value: "2026-01-31T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}})
	if got := stamped.String(); !strings.HasPrefix(got, "ballerine v1.2.3, commit 0123456789ab of 2026-01-31T12:00:00Z, with changes, go1.") {
		t.Errorf("%s", got)
	}
	if got := buildOf(nil); got.Version != "dev" || !strings.HasPrefix(got.Go, "go1.") {
		t.Errorf("%+v", got)
	}
	for _, args := range [][]string{{"--version"}, {"version"}} {
		if got := call(t, "", args...); got.code != 0 || got.out != thisBuild().String()+"\n" {
			t.Errorf("%v: %+v", args, got)
		}
		if got := object[build](t, call(t, "", append(args, "--json")...).out); got != thisBuild() {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
