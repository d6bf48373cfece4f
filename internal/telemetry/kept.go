package telemetry

import "slices"

// Series is one custom metric of CloudWatch. It is charged for in each hour in which it gets a value.
type Series struct {
	Name string
	// Dimension and Value choose one of the values that the code measures it by. Without them it is the sum over all.
	Dimension, Value string
	// AtZero is for a gauge whose 0 is written, too: an alarm depends on whether it is measured at all.
	AtZero bool
	// Readers are those for whom it is kept: "alarm NAME" and "dashboard" (infra/observability.yaml), "runbook NAME" (docs/runbooks).
	// A test looks whether they read it.
	Readers []string
}

// Kept are the series that functions write. What else the code measures is for a scraper on one machine, where detail by
// operation, workflow or policy costs nothing.
func Kept() []Series {
	return []Series{
		{Name: "outbox_oldest_seconds", AtZero: true, Readers: []string{"alarm OutboxLate", "alarm SweepMissing", "dashboard", "runbook sweep-missing"}},
		{Name: "outbox_due", Readers: []string{"dashboard", "runbook outbox-late"}},
		{Name: "outbox_dead_letters", Readers: []string{"alarm OutboxDeadLetters", "dashboard"}},
		{Name: "case_incidents_total", Readers: []string{"alarm Incidents"}},
		{Name: "webhook_deliveries", Dimension: "outcome", Value: "retrying", Readers: []string{"alarm WebhooksFailing"}},
		{Name: "webhook_attempts_put_off", Readers: []string{"alarm DeliveriesNotQueued"}},
		{Name: "webhook_subscriptions_disabled", Readers: []string{"alarm WebhookDisabled"}},
		{Name: "rescreening_oldest_seconds", AtZero: true, Readers: []string{"alarm RescreeningLate"}},
		{Name: "rescreenings_failed", Readers: []string{"alarm RescreeningFailed"}},
		{Name: "rate_limit_store_failed", Readers: []string{"runbook dynamodb-throttled"}},
	}
}

// takes reports whether a measurement by these dimensions (name, value, …) belongs to the series.
func (s Series) takes(name string, dimensions []string) bool {
	if s.Name != name || s.Dimension == "" {
		return s.Name == name
	}
	for pair := range slices.Chunk(dimensions, 2) {
		if len(pair) == 2 && pair[0] == s.Dimension && pair[1] == s.Value {
			return true
		}
	}
	return false
}
