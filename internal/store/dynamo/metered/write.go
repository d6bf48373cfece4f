package metered

import (
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// writing is one call that writes.
type writing struct {
	database *Database
	inserted map[string][]map[string]types.AttributeValue
}

const (
	maxItem        = 400 << 10
	maxTransaction = 4 << 20
	maxWrites      = 100
)

// plan is a write whose condition has been evaluated.
type plan struct {
	table     *table
	key, next item // next is nil to delete
	check     bool // nothing is written
	before    item // that does not meet the condition
	refused   bool
}

// single is a write of its own.
func single(w *writing, write types.TransactWriteItem) error {
	p, err := w.plan(write)
	if err != nil {
		return err
	}
	if p.refused {
		w.charge(p, 1)
		return &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed"), Item: p.before}
	}
	w.apply(p, 1)
	return nil
}

func (w *writing) transaction(writes []types.TransactWriteItem) error {
	if len(writes) > maxWrites {
		return invalid("a transaction has at most %d items", maxWrites)
	}
	plans, reasons, refused, sum := []plan{}, []types.CancellationReason{}, false, 0
	keys := map[string]bool{}
	for _, write := range writes {
		p, err := w.plan(write)
		if err != nil {
			return err
		}
		id := p.table.name + "\x00" + stringOf(p.key["pk"]) + "\x00" + stringOf(p.key["sk"])
		if keys[id] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		keys[id] = true
		sum += size(p.next)
		reason := types.CancellationReason{Code: aws.String("None")}
		if p.refused {
			refused, reason = true, types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Item: p.before}
		}
		plans, reasons = append(plans, p), append(reasons, reason)
	}
	if sum > maxTransaction {
		return invalid("the size of the transaction is too large")
	}
	for _, p := range plans {
		if refused {
			w.charge(p, 2)
		} else {
			w.apply(p, 2)
		}
	}
	if refused {
		return &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	return nil
}

// charge counts what a refused write costs.
func (w *writing) charge(p plan, times float64) {
	w.database.count(Line{Table: p.table.name, Kind: kindOf(p.key)}, 0, times*blocks(max(size(p.table.get(p.key)), size(p.next)), 1<<10))
}

func (w *writing) apply(p plan, times float64) {
	if p.check {
		w.charge(p, times)
		return
	}
	if p.next != nil && p.table.get(p.key) == nil {
		if w.inserted == nil {
			w.inserted = map[string][]map[string]types.AttributeValue{}
		}
		w.inserted[p.table.name] = append(w.inserted[p.table.name], maps.Clone(p.next))
	}
	w.database.set(p.table, p.key, p.next, times)
}

func (w *writing) plan(write types.TransactWriteItem) (p plan, err error) {
	var name, text *string
	var names map[string]string
	var values map[string]types.AttributeValue
	switch {
	case write.Put != nil:
		o := write.Put
		name, text, names, values, p.key, p.next = o.TableName, o.ConditionExpression, o.ExpressionAttributeNames, o.ExpressionAttributeValues, o.Item, maps.Clone(o.Item)
	case write.Update != nil:
		o := write.Update
		name, text, names, values, p.key = o.TableName, o.ConditionExpression, o.ExpressionAttributeNames, o.ExpressionAttributeValues, o.Key
	case write.Delete != nil:
		o := write.Delete
		name, text, names, values, p.key = o.TableName, o.ConditionExpression, o.ExpressionAttributeNames, o.ExpressionAttributeValues, o.Key
	case write.ConditionCheck != nil:
		o := write.ConditionCheck
		name, text, names, values, p.key, p.check = o.TableName, o.ConditionExpression, o.ExpressionAttributeNames, o.ExpressionAttributeValues, o.Key, true
	default:
		return p, errors.New("a write without an operation")
	}
	if p.table, err = w.database.table(aws.ToString(name)); err != nil {
		return p, err
	}
	condition, err := parse(aws.ToString(text), names, values)
	if err != nil {
		return p, err
	}
	before := p.table.get(p.key)
	if p.refused = !condition.holds(before); p.refused {
		p.before = maps.Clone(before)
		return p, nil
	}
	if write.Update != nil {
		if p.next, err = updated(before, write.Update); err != nil {
			return p, err
		}
	}
	if size(p.next) > maxItem {
		return p, invalid("Item size has exceeded the maximum allowed size")
	}
	return p, nil
}

// updated is an item after an update: SET of attributes and of those of a map, and ADD of numbers.
func updated(before item, update *types.Update) (item, error) {
	next := maps.Clone(before)
	if next == nil {
		next = maps.Clone(update.Key)
	}
	e := &expression{words: words.FindAllString(aws.ToString(update.UpdateExpression), -1), names: update.ExpressionAttributeNames, values: update.ExpressionAttributeValues}
	action := ""
	for e.at < len(e.words) && e.err == nil {
		word := e.next()
		switch word {
		case "SET", "ADD":
			action = word
			continue
		case ",":
			continue
		}
		path := e.path(word)
		if action == "SET" {
			e.expect("=")
		}
		value := e.operand()(before)
		if action == "ADD" {
			value = sum(next[path[0]], value)
		}
		if err := assign(next, path, value); err != nil {
			return nil, err
		}
	}
	return next, e.err
}

func sum(a, b types.AttributeValue) types.AttributeValue {
	number := func(value types.AttributeValue) int {
		if n, ok := value.(*types.AttributeValueMemberN); ok {
			whole, _ := strconv.Atoi(n.Value) // the adapter adds whole numbers only
			return whole
		}
		return 0
	}
	return &types.AttributeValueMemberN{Value: strconv.Itoa(number(a) + number(b))}
}

func assign(i item, path []string, value types.AttributeValue) error {
	if len(path) == 1 {
		i[path[0]] = value
		return nil
	}
	inner, ok := i[path[0]].(*types.AttributeValueMemberM)
	if !ok || len(path) > 2 {
		return invalid("The document path provided in the update expression is invalid for update: %s", strings.Join(path, "."))
	}
	changed := maps.Clone(inner.Value)
	if changed == nil {
		changed = map[string]types.AttributeValue{}
	}
	changed[path[1]] = value
	i[path[0]] = &types.AttributeValueMemberM{Value: changed}
	return nil
}
