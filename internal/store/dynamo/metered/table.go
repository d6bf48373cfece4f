package metered

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type table struct {
	name    string
	items   *tree
	indexes []*index
}

type index struct {
	name       string
	projection *types.Projection
	tree       *tree
}

// tree has items by partition, sorted.
type tree struct {
	hash, sort string // names of the key's attributes; sort may be ""
	partitions map[string][]entry
}

type entry struct {
	key  string // what sorts it within its partition
	item item
}

func newTree(schema []types.KeySchemaElement) *tree {
	t := &tree{partitions: map[string][]entry{}}
	for _, one := range schema {
		if one.KeyType == types.KeyTypeHash {
			t.hash = aws.ToString(one.AttributeName)
		} else {
			t.sort = aws.ToString(one.AttributeName)
		}
	}
	return t
}

func stringOf(value types.AttributeValue) string {
	if s, ok := value.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// has reports whether an item has the tree's key: a sparse index has no others.
func (t *tree) has(i item) bool {
	return i != nil && stringOf(i[t.hash]) != "" && (t.sort == "" || stringOf(i[t.sort]) != "")
}

// place of an item: of several with the same key of an index, the table's key decides.
func (t *tree) place(i item, base *tree) (partition, key string) {
	key = stringOf(i[t.sort])
	if base != t {
		key += "\x00" + stringOf(i[base.hash]) + "\x00" + stringOf(i[base.sort])
	}
	return stringOf(i[t.hash]), key
}

func (t *tree) find(partition, key string) (int, bool) {
	return slices.BinarySearchFunc(t.partitions[partition], key, func(e entry, key string) int { return strings.Compare(e.key, key) })
}

func (t *tree) remove(i item, base *tree) {
	partition, key := t.place(i, base)
	if at, found := t.find(partition, key); found {
		t.partitions[partition] = slices.Delete(t.partitions[partition], at, at+1)
	}
}

func (t *tree) put(i item, base *tree) {
	partition, key := t.place(i, base)
	at, found := t.find(partition, key)
	if found {
		t.partitions[partition][at].item = i
		return
	}
	t.partitions[partition] = slices.Insert(t.partitions[partition], at, entry{key, i})
}

func (t *table) get(key item) item {
	partition, sort := t.items.place(key, t.items)
	if at, found := t.items.find(partition, sort); found {
		return t.items.partitions[partition][at].item
	}
	return nil
}

// projected is what an index holds of an item; nil when it is not in the index.
func (t *table) projected(x *index, i item) item {
	if !x.tree.has(i) {
		return nil
	}
	if x.projection.ProjectionType == types.ProjectionTypeAll {
		return i
	}
	held := item{}
	for _, name := range append([]string{t.items.hash, t.items.sort, x.tree.hash, x.tree.sort}, x.projection.NonKeyAttributes...) {
		if value, ok := i[name]; ok && name != "" {
			held[name] = value
		}
	}
	return held
}

// set writes an item over the one that was there (next is nil to delete it), and counts. times is 2 in a transaction.
func (d *Database) set(t *table, key, next item, times float64) {
	before := t.get(key)
	kind := kindOf(key)
	units := times * blocks(max(size(before), size(next)), 1<<10)
	d.count(Line{Table: t.name, Kind: kind}, 0, units)
	d.wrote(t.name, "", stringOf(key[t.items.hash]), units)
	for _, x := range t.indexes {
		was, is := t.projected(x, before), t.projected(x, next)
		units := x.units(was, is)
		d.count(Line{Table: t.name, Index: x.name, Kind: kind}, 0, units)
		places := 2
		if was == nil || is == nil {
			places = 1
		}
		for _, held := range []item{was, is} {
			if held != nil && units > 0 { // an entry that moves is written at its old and at its new place
				d.wrote(t.name, x.name, stringOf(held[x.tree.hash]), units/float64(places))
			}
		}
		if was != nil {
			x.tree.remove(was, t.items)
		}
		if is != nil {
			x.tree.put(is, t.items)
		}
	}
	if next == nil {
		t.items.remove(key, t.items)
		return
	}
	t.items.put(next, t.items)
}

func (d *Database) wrote(table, index, key string, units float64) {
	p := Partition{table, index, key}
	d.Writes[p] = Units{Write: d.Writes[p].Write + units}
}

// units that an index is charged for a change: none if its entry is unchanged, and two writes if its key changes.
func (x *index) units(was, is item) float64 {
	switch {
	case was == nil && is == nil, was != nil && is != nil && equalItems(was, is):
		return 0
	case was == nil:
		return blocks(size(is), 1<<10)
	case is == nil:
		return blocks(size(was), 1<<10)
	case stringOf(was[x.tree.hash]) == stringOf(is[x.tree.hash]) && stringOf(was[x.tree.sort]) == stringOf(is[x.tree.sort]):
		return blocks(max(size(was), size(is)), 1<<10)
	}
	return blocks(size(was), 1<<10) + blocks(size(is), 1<<10)
}

func equalItems(a, b item) bool { return maps.EqualFunc(a, b, equal) }

// blocks is how many units of a size in bytes are charged: one at least.
func blocks(bytes, of int) float64 { return float64(max(1, (bytes+of-1)/of)) }

// kindOf names the kind of an item by its key.
func kindOf(key item) string {
	kind, _, _ := strings.Cut(stringOf(key["sk"]), "#")
	parts := strings.Split(stringOf(key["pk"]), "#")
	if len(parts) > 2 && kind != "external" { // a list of a tenant's: its name is second
		kind = parts[1]
	}
	return kind
}

// size of an item in bytes, as DynamoDB counts it.
func size(i item) int {
	sum := 0
	for name, value := range i {
		sum += len(name) + valueSize(value)
	}
	return sum
}

func valueSize(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		digits := strings.Trim(strings.TrimLeft(v.Value, "-"), "0")
		return 1 + (len(digits)+1)/2
	case *types.AttributeValueMemberM:
		sum := 3
		for name, inner := range v.Value {
			sum += len(name) + 1 + valueSize(inner)
		}
		return sum
	case *types.AttributeValueMemberL:
		sum := 3
		for _, inner := range v.Value {
			sum += 1 + valueSize(inner)
		}
		return sum
	}
	return 1
}

func equal(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberM:
		b, ok := b.(*types.AttributeValueMemberM)
		return ok && equalItems(a.Value, b.Value)
	case *types.AttributeValueMemberL:
		b, ok := b.(*types.AttributeValueMemberL)
		return ok && slices.EqualFunc(a.Value, b.Value, equal)
	}
	order, comparable := compare(a, b)
	return comparable && order == 0
}

// compare orders two values of a type.
func compare(a, b types.AttributeValue) (order int, comparable bool) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		b, ok := b.(*types.AttributeValueMemberS)
		return strings.Compare(a.Value, valueOr(ok, b).Value), ok
	case *types.AttributeValueMemberB:
		b, ok := b.(*types.AttributeValueMemberB)
		return strings.Compare(string(a.Value), string(valueOr(ok, b).Value)), ok
	case *types.AttributeValueMemberN:
		b, ok := b.(*types.AttributeValueMemberN)
		x, _ := new(big.Float).SetString(a.Value)
		y, _ := new(big.Float).SetString(valueOr(ok, b).Value)
		if x == nil || y == nil {
			return 0, false
		}
		return x.Cmp(y), ok
	case *types.AttributeValueMemberBOOL:
		b, ok := b.(*types.AttributeValueMemberBOOL)
		if ok && a.Value != b.Value {
			return 1, true
		}
		return 0, ok
	}
	return 0, false
}

func valueOr[T any](ok bool, value *T) *T {
	if ok {
		return value
	}
	return new(T)
}
