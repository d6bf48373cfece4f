package cases

import (
	"slices"
	"strings"
)

// EventTypes are the types of the events that subscribers are sent; those that end in ".*" represent events that
// workflows name themselves.
func EventTypes() []string {
	return []string{
		"case.created", "case.state_changed", "case.assigned", "case.incident", "case.decision_proposed", "case.decision", "case.notify",
		"case.completed", "case.failed", "case.cancelled", "workflow.*", "webhook.disabled", "webhook.test",
	}
}

// ThinEvent reports whether events of the type hold ids and states only: all but those whose data a workflow composes.
func ThinEvent(eventType string) bool {
	return eventType != "case.notify" && strings.HasPrefix(eventType, "case.") && slices.Contains(EventTypes(), eventType)
}
