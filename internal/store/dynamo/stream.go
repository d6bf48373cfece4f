package dynamo

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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
		image := item{"pk": text(textOf(record.Change.Keys["pk"])), "sk": text(sk.String()), "doc": text(textOf(record.Change.NewImage["doc"]))}
		effect := readEffect(image) // one that cannot be read becomes a dead letter, and does not hold up the others
		effects = append(effects, effect)
	}
	return effects, nil
}

// InsertedEffects reads the effects among items that were inserted into the cases table.
func InsertedEffects(images []map[string]types.AttributeValue) (effects []cases.Effect) {
	for _, image := range images {
		if strings.HasPrefix(item(image).string("sk"), "effect#") {
			effects = append(effects, readEffect(image))
		}
	}
	return effects
}

func textOf(value events.DynamoDBAttributeValue) string {
	if value.DataType() != events.DataTypeString {
		return ""
	}
	return value.String()
}
