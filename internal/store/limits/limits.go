// Package limits has the limits of DynamoDB, which every store enforces, so that what works on one machine works on AWS.
package limits

import "ballerine/internal/problem"

// The store's own limits.
const (
	Items       = 100       // that one transaction writes
	Transaction = 4 << 20   // bytes of all items of a transaction
	Item        = 400 << 10 // bytes of an item, names and keys included
)

// What is left of them for what we write.
const (
	Overhead = 8 << 10         // of an item, for its keys, its indexes' keys, the names of its attributes and parked tokens
	Document = Item - Overhead // bytes of the JSON of one thing, records excepted
	Inline   = 256 << 10       // bytes of a record's JSON that are stored directly on its item
	Part     = 350 << 10       // bytes of an item that holds a part of a larger record
	Record   = 2 << 20         // bytes of a record's JSON: larger ones are divided, and this is where it ends
	Page     = 3 << 20         // bytes of records on one page of a list: an answer of a function has at most 6 MB
)

// Write is one item of a transaction: what it is, and the size of its JSON.
type Write struct {
	What  string
	Bytes int
}

// parts is how many items a record of this size takes at most.
func parts(record int) int {
	if record <= Inline {
		return 1
	}
	return 1 + (record+Part-1)/Part
}

// CheckRecord refuses a record that cannot be kept. Errors: TooLarge.
func CheckRecord(bytes int) error {
	if bytes > Record {
		return TooLarge("A case", bytes, Record)
	}
	return nil
}

// Check refuses what could not be written in one transaction, and names the item. Errors: TooLarge.
func Check(record int, writes []Write) error {
	if err := CheckRecord(record); err != nil {
		return err
	}
	items, sum := parts(record)+len(writes), record+Overhead
	for _, w := range writes {
		if w.Bytes > Document {
			return TooLarge(w.What, w.Bytes, Document)
		}
		sum += w.Bytes + Overhead/16
	}
	if items > Items {
		return problem.New(problem.TooLarge, "The change would write %d items in one transaction; the limit is %d.", items, Items).Detail("items", items)
	}
	if sum > Transaction {
		return TooLarge("The change", sum, Transaction)
	}
	return nil
}

// TooLarge states what is too large, by how much.
func TooLarge(what string, bytes, limit int) error {
	return problem.New(problem.TooLarge, "%s would have %d KB; at most %d KB can be stored.", what, (bytes+1023)>>10, limit>>10).
		Detail("bytes", bytes).Detail("limit", limit)
}
