package streams

import (
	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// convert converts a stream record to the form in which Lambda passes it to a function.
func convert(record types.Record, stream string) events.DynamoDBEventRecord {
	converted := events.DynamoDBEventRecord{
		AWSRegion: aws.ToString(record.AwsRegion), EventID: aws.ToString(record.EventID), EventName: string(record.EventName),
		EventSource: "aws:dynamodb", EventVersion: aws.ToString(record.EventVersion), EventSourceArn: stream,
	}
	if d := record.Dynamodb; d != nil {
		converted.Change = events.DynamoDBStreamRecord{
			Keys: attributes(d.Keys), NewImage: attributes(d.NewImage), OldImage: attributes(d.OldImage),
			SequenceNumber: aws.ToString(d.SequenceNumber), SizeBytes: aws.ToInt64(d.SizeBytes), StreamViewType: string(d.StreamViewType),
		}
		if d.ApproximateCreationDateTime != nil {
			converted.Change.ApproximateCreationDateTime = events.SecondsEpochTime{Time: *d.ApproximateCreationDateTime}
		}
	}
	if u := record.UserIdentity; u != nil {
		converted.UserIdentity = &events.DynamoDBUserIdentity{Type: aws.ToString(u.Type), PrincipalID: aws.ToString(u.PrincipalId)}
	}
	return converted
}

func attributes(values map[string]types.AttributeValue) map[string]events.DynamoDBAttributeValue {
	if values == nil {
		return nil
	}
	converted := make(map[string]events.DynamoDBAttributeValue, len(values))
	for name, value := range values {
		converted[name] = attribute(value)
	}
	return converted
}

func attribute(value types.AttributeValue) events.DynamoDBAttributeValue {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return events.NewStringAttribute(v.Value)
	case *types.AttributeValueMemberN:
		return events.NewNumberAttribute(v.Value)
	case *types.AttributeValueMemberB:
		return events.NewBinaryAttribute(v.Value)
	case *types.AttributeValueMemberBOOL:
		return events.NewBooleanAttribute(v.Value)
	case *types.AttributeValueMemberSS:
		return events.NewStringSetAttribute(v.Value)
	case *types.AttributeValueMemberNS:
		return events.NewNumberSetAttribute(v.Value)
	case *types.AttributeValueMemberBS:
		return events.NewBinarySetAttribute(v.Value)
	case *types.AttributeValueMemberM:
		return events.NewMapAttribute(attributes(v.Value))
	case *types.AttributeValueMemberL:
		list := make([]events.DynamoDBAttributeValue, len(v.Value))
		for i, element := range v.Value {
			list[i] = attribute(element)
		}
		return events.NewListAttribute(list)
	default:
		return events.NewNullAttribute()
	}
}
