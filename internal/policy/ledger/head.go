package ledger

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// ReadHead decodes the JSON of a head: the same as json.Unmarshal, several times as fast. Stores read many.
// Errors: Internal.
func ReadHead(text []byte) (h Head, err error) {
	d := decoder{text: string(text)}
	err = d.head(&h, func(string) error { return d.skip(2) })
	if err == nil && d.at == len(d.text) {
		return h, nil
	}
	h = Head{}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
	}
	return h, nil
}

// headMembers are the names that encoding/json would look for.
var headMembers = func() map[string]bool {
	names := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Head]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		names[name] = field.IsExported() && !field.Anonymous
	}
	return names
}()

// head reads an object with the members of a head; other reads the value of any other member.
func (d *decoder) head(h *Head, other func(name string) error) error {
	d.space()
	return d.each('{', '}', func() error {
		name, err := d.name(true)
		if err != nil {
			return err
		}
		if strings.ContainsFunc(name, unlikeOurs) {
			return errNotPlain // encoding/json takes names in another case, too
		}
		if known, err := d.headMember(h, name); known || err != nil {
			return err
		}
		if !headMembers[name] {
			return other(name)
		}
		begin := d.at
		if err := d.skip(2); err != nil {
			return err
		}
		return json.Unmarshal([]byte(`{"`+name+`":`+d.text[begin:d.at]+"}"), h)
	})
}

func unlikeOurs(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }

// headMember reads the members that every head has; known is false for another.
func (d *decoder) headMember(h *Head, name string) (known bool, err error) {
	switch name {
	case "id":
		h.ID, err = d.string()
	case "tenant":
		h.Tenant, err = d.string()
	case "policy":
		h.Policy, err = d.string()
	case "digest":
		h.Digest, err = d.string()
	case "outcome":
		h.Outcome, err = d.string()
	case "severity":
		h.Severity, err = d.string()
	case "case":
		h.Case, err = d.string()
	case "subject":
		h.Subject, err = d.string()
	case "version":
		h.Version, err = d.whole()
	case "engine":
		h.Engine, err = d.whole()
	case "took":
		var took int
		took, err = d.whole()
		h.Took = time.Duration(took)
	case "score":
		var v any
		if v, err = d.number(true); err == nil {
			h.Score, _ = v.(float64)
		}
	case "at":
		begin := d.at
		if _, _, err = d.quoted(); err == nil {
			err = h.At.UnmarshalJSON([]byte(d.text[begin:d.at]))
		}
	case "fired":
		h.Fired, err = d.texts()
	default:
		return false, nil
	}
	return true, err
}

// whole reads a whole number.
func (d *decoder) whole() (int, error) {
	begin := d.at
	if _, err := d.number(false); err != nil {
		return 0, err
	}
	return strconv.Atoi(d.text[begin:d.at])
}

// texts reads a list of texts.
func (d *decoder) texts() ([]string, error) {
	list := []string{}
	err := d.each('[', ']', func() error {
		text, err := d.string()
		list = append(list, text)
		return err
	})
	return list, err
}
