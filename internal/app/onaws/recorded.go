//go:build recorded

package onaws

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
)

// recordings is the file that calls are added to, one JSON object a line. The tests that build with the tag set it when they link.
var recordings string

// recorded has every call of AWS's clients written down: action, resource, and the partition keys that IAM's LeadingKeys
// would see. Links that are signed count as well. No item, object or answer is written.
func recorded(config aws.Config) aws.Config {
	config.APIOptions = append(config.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Recorder", record), middleware.After)
	})
	return config
}

// access is one thing that a call asks of IAM.
type access struct {
	Function string   `json:"function"`
	Action   string   `json:"action"`
	Resource string   `json:"resource"`
	Keys     []string `json:"keys,omitempty"`
}

func record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	file, err := os.OpenFile(recordings, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("record a call: %w", err)
	}
	defer func() { _ = file.Close() }() // each line is written at once
	for _, each := range accesses(ctx, in.Parameters) {
		each.Function = os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
		line, err := json.Marshal(each)
		if err == nil {
			_, err = file.Write(append(line, '\n'))
		}
		if err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("record a call: %w", err)
		}
	}
	return next.HandleInitialize(ctx, in)
}

// accesses of a call. One that is not known here is recorded under a name that no policy allows.
func accesses(ctx context.Context, input any) []access {
	switch in := input.(type) {
	case *awss3.PutObjectInput:
		return objects("s3:PutObject", in.Bucket, in.Key)
	case *awss3.GetObjectInput:
		if aws.ToString(in.VersionId) != "" {
			return objects("s3:GetObjectVersion", in.Bucket, in.Key)
		}
		return objects("s3:GetObject", in.Bucket, in.Key)
	case *awss3.HeadObjectInput:
		return objects("s3:GetObject", in.Bucket, in.Key)
	case *awss3.DeleteObjectInput:
		return objects("s3:DeleteObject", in.Bucket, in.Key)
	case *awss3.CopyObjectInput:
		bucket, key, _ := strings.Cut(aws.ToString(in.CopySource), "/")
		return append(objects("s3:GetObject", &bucket, &key), objects("s3:PutObject", in.Bucket, in.Key)...)
	case *secretsmanager.GetSecretValueInput:
		return one("secretsmanager:GetSecretValue", "secret", in.SecretId)
	case *secretsmanager.DescribeSecretInput:
		return one("secretsmanager:DescribeSecret", "secret", in.SecretId)
	case *sqs.SendMessageBatchInput:
		return one("sqs:SendMessage", "queue", in.QueueUrl)
	case *sfn.StartExecutionInput:
		return one("states:StartExecution", "machine", in.StateMachineArn)
	case *sfn.StartSyncExecutionInput:
		return one("states:StartSyncExecution", "machine", in.StateMachineArn)
	case *sfn.StopExecutionInput:
		return one("states:StopExecution", "execution", in.ExecutionArn)
	case *sfn.DescribeExecutionInput:
		return one("states:DescribeExecution", "execution", in.ExecutionArn)
	case *sfn.SendTaskSuccessInput: // IAM sees the machine of the token
		return []access{{Action: "states:SendTaskSuccess", Resource: "machine"}}
	case *sfn.CreateStateMachineInput:
		found := append(one("states:CreateStateMachine", "name", in.Name), one("iam:PassRole", "role", in.RoleArn)...)
		if in.Publish {
			found = append(found, one("states:PublishStateMachineVersion", "name", in.Name)...)
		}
		return found
	case *sfn.UpdateStateMachineInput:
		found := append(one("states:UpdateStateMachine", "machine", in.StateMachineArn), one("iam:PassRole", "role", in.RoleArn)...)
		if in.Publish {
			found = append(found, one("states:PublishStateMachineVersion", "machine", in.StateMachineArn)...)
		}
		return found
	}
	if found := tables(input); found != nil {
		return found
	}
	return []access{{Action: "unknown:" + awsmiddleware.GetServiceID(ctx) + "." + awsmiddleware.GetOperationName(ctx), Resource: fmt.Sprintf("%T", input)}}
}

// tables are the accesses of a call of DynamoDB. A transaction accesses what is in it.
func tables(input any) []access {
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		return items("GetItem", in.TableName, in.Key)
	case *dynamodb.PutItemInput:
		return items("PutItem", in.TableName, in.Item)
	case *dynamodb.UpdateItemInput:
		return items("UpdateItem", in.TableName, in.Key)
	case *dynamodb.DeleteItemInput:
		return items("DeleteItem", in.TableName, in.Key)
	case *dynamodb.BatchGetItemInput:
		var found []access
		for table, asked := range in.RequestItems {
			found = append(found, items("BatchGetItem", &table, asked.Keys...)...)
		}
		return found
	case *dynamodb.QueryInput:
		resource := "table/" + aws.ToString(in.TableName)
		if in.IndexName != nil {
			resource += "/index/" + *in.IndexName
		}
		return []access{{Action: "dynamodb:Query", Resource: resource, Keys: leading(map[string]types.AttributeValue{"pk": in.ExpressionAttributeValues[":pk"]})}}
	case *dynamodb.TransactWriteItemsInput:
		var found []access
		for _, write := range in.TransactItems {
			switch {
			case write.Put != nil:
				found = append(found, items("PutItem", write.Put.TableName, write.Put.Item)...)
			case write.Update != nil:
				found = append(found, items("UpdateItem", write.Update.TableName, write.Update.Key)...)
			case write.Delete != nil:
				found = append(found, items("DeleteItem", write.Delete.TableName, write.Delete.Key)...)
			case write.ConditionCheck != nil:
				found = append(found, items("ConditionCheckItem", write.ConditionCheck.TableName, write.ConditionCheck.Key)...)
			}
		}
		return found
	}
	return nil
}

func one(action, kind string, resource *string) []access {
	return []access{{Action: action, Resource: kind + "/" + aws.ToString(resource)}}
}

func objects(action string, bucket, key *string) []access {
	return []access{{Action: action, Resource: "bucket/" + aws.ToString(bucket) + "/" + aws.ToString(key)}}
}

func items(action string, table *string, keys ...map[string]types.AttributeValue) []access {
	return []access{{Action: "dynamodb:" + action, Resource: "table/" + aws.ToString(table), Keys: leading(keys...)}}
}

func leading(keys ...map[string]types.AttributeValue) (found []string) {
	for _, key := range keys {
		if text, ok := key["pk"].(*types.AttributeValueMemberS); ok && !slices.Contains(found, text.Value) {
			found = append(found, text.Value)
		}
	}
	return found
}
