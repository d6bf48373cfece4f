package dynamo

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/cases"
)

// DecodeStream reads the effects of an event of the cases table's stream: the items that were inserted under effect#.
func DecodeStream(payload json.RawMessage) ([]cases.Effect, error) {
	var event events.DynamoDBEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("decode stream event: %w", err)
	}
	var effects []cases.Effect
	for _, record := range event.Records {
		sk, ok := record.Change.Keys["sk"]
		if record.EventName != "INSERT" || !ok || !strings.HasPrefix(sk.String(), "effect#") {
			continue
		}
		doc, ok := record.Change.NewImage["doc"]
		if !ok {
			return nil, fmt.Errorf("a stream record of an effect has no image")
		}
		var effect cases.Effect
		if err := json.Unmarshal([]byte(doc.String()), &effect); err != nil {
			return nil, fmt.Errorf("decode effect of a stream record: %w", err)
		}
		effects = append(effects, effect)
	}
	return effects, nil
}
