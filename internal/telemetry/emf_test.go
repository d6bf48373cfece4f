package telemetry_test

import (
	"strings"
	"testing"

	"ballerine/internal/telemetry"
)

func TestMetricsAreWrittenToTheNamespaceOfTheInstallation(t *testing.T) {
	var line strings.Builder
	metrics := telemetry.NewEMF(&line, "risk-prod", nil)
	metrics.Count("effects_total")
	if err := metrics.Flush(); err != nil || !strings.Contains(line.String(), `"Namespace":"risk-prod"`) {
		t.Errorf("%s %v", line.String(), err)
	}
}
