package flow

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/calendar"
	"ballerine/internal/country"
	"ballerine/internal/expr"
	"ballerine/internal/text"
)

// judge returns how a value is stored, and what is wrong with it. An empty value is stored as nil: there is no answer.
// now is for ages and for the time of consent; lookup finds another field.
func (e *Element) judge(value any, now time.Time, lookup func(path string) any) (kept any, faults []Fault) {
	if e.unanswered(value) {
		return nil, nil
	}
	if written, ok := value.(string); ok {
		lines := text.Line
		if e.Checks.Multiline {
			lines = text.Prose
		}
		if text.Hidden(written, lines) != "" {
			return value, fault(faultHidden)
		}
	}
	switch kinds[e.Type].writes {
	case expr.TypeText:
		written, ok := value.(string)
		if !ok {
			return value, fault(faultType)
		}
		return e.textual(written, now, lookup)
	case expr.TypeNumber:
		return value, e.number(value)
	case expr.TypeBool:
		if _, ok := value.(bool); !ok {
			return value, fault(faultType)
		}
		return value, nil
	case expr.TypeList:
		return value, e.listed(value)
	}
	return e.composed(value, now)
}

func fault(code string) []Fault { return []Fault{{Code: code}} }

func faultAt(within, code string) Fault { return Fault{Code: code, within: within} }

// unanswered reports whether a value is not an answer to this element. null and a text of spaces are never answers; an
// empty value of another kind is a wrong one.
func (e *Element) unanswered(value any) bool {
	switch value.(type) {
	case []any:
		return kinds[e.Type].writes&expr.TypeList != 0 && empty(value)
	case map[string]any:
		return kinds[e.Type].writes&expr.TypeObject != 0 && empty(value)
	}
	return empty(value)
}

// empty reports whether a value is no answer.
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, member := range v {
			if !empty(member) {
				return false
			}
		}
		return true
	}
	return false
}

// textual judges what is kept as text.
func (e *Element) textual(written string, now time.Time, lookup func(string) any) (any, []Fault) {
	if len(written) > maxText {
		return written, fault(faultTooLong)
	}
	if e.Options != nil && !e.offers(written) {
		return written, fault(faultOption)
	}
	switch e.Type {
	case typeText:
		return written, e.text(written)
	case typeDate:
		return written, e.date(written, now)
	case typePhone:
		number, ok := country.Phone(written)
		if !ok {
			return written, fault(faultPhone)
		}
		return number, nil
	case typeCountry, typeNationality:
		if country.Two(written) != written {
			return written, fault(faultCountry)
		}
	case typeState:
		of, _ := lookup(e.Checks.Country).(string)
		if names := country.States(of); names != nil && e.Options == nil && !slices.Contains(names, written) {
			return written, fault(faultState)
		}
	case typeIndustry:
		if e.Options == nil && !slices.ContainsFunc(industries, func(o Option) bool { return o.Value == written }) {
			return written, fault(faultCode)
		}
	case typeMCC:
		if !mccPattern.MatchString(written) {
			return written, fault(faultCode)
		}
	}
	return written, nil
}

func (e *Element) offers(value string) bool {
	return slices.ContainsFunc(e.Options, func(o Option) bool { return o.Value == value })
}

func (e *Element) text(written string) (faults []Fault) {
	length := utf8.RuneCountInString(written)
	if e.Checks.MinLength > 0 && length < e.Checks.MinLength {
		faults = append(faults, faultAt("", faultTooShort))
	}
	if e.Checks.MaxLength > 0 && length > e.Checks.MaxLength {
		faults = append(faults, faultAt("", faultTooLong))
	}
	env := &expr.Env{Scope: expr.Map{nameValue: written}}
	if e.Checks.pattern != nil && e.Checks.pattern.Test(env).Truth != expr.True {
		faults = append(faults, faultAt("", faultPattern))
	}
	if e.Checks.format != nil && len(e.Checks.format.Check(written)) > 0 {
		faults = append(faults, faultAt("", faultFormat))
	}
	return faults
}

func (e *Element) date(written string, now time.Time) (faults []Fault) {
	date, ok := expr.ParseDate(written, time.UTC)
	if !ok || len(written) != len(time.DateOnly) || date.Year() < 1 {
		return fault(faultDate)
	}
	today := calendar.StartOfDay(now.UTC())
	aged := e.Checks.MinAge != nil || e.Checks.MaxAge != nil
	age := float64(calendar.Age(date, today))
	for _, check := range []struct {
		broken bool
		code   string
	}{
		{e.Checks.Past && !date.Before(today) || aged && date.After(today), faultPast},
		{e.Checks.Future && !date.After(today), faultFuture},
		{e.Checks.MinAge != nil && age < *or0(e.Checks.MinAge), faultMinAge},
		{e.Checks.MaxAge != nil && age > *or0(e.Checks.MaxAge), faultMaxAge},
	} {
		if check.broken {
			faults = append(faults, faultAt("", check.code))
		}
	}
	return faults
}

func or0(n *float64) *float64 {
	if n == nil {
		return new(float64)
	}
	return n
}

func (e *Element) number(value any) (faults []Fault) {
	n, ok := expr.Number(value)
	if !ok {
		return fault(faultType)
	}
	if e.Checks.Min != nil && n < *e.Checks.Min {
		faults = append(faults, faultAt("", faultMin))
	}
	if e.Checks.Max != nil && n > *e.Checks.Max {
		faults = append(faults, faultAt("", faultMax))
	}
	return faults
}

func (e *Element) listed(value any) (faults []Fault) {
	list, ok := value.([]any)
	if !ok {
		return fault(faultType)
	}
	if len(list) > maxEntries {
		return fault(faultTooMany)
	}
	seen := map[string]bool{}
	for i, one := range list {
		within := fmt.Sprintf("[%d]", i)
		written, ok := one.(string)
		switch {
		case !ok || len(written) > maxText:
			faults = append(faults, faultAt(within, faultType))
			continue
		case text.Hidden(written, text.Line) != "":
			faults = append(faults, faultAt(within, faultHidden))
		case e.Options != nil && !e.offers(written):
			faults = append(faults, faultAt(within, faultOption))
		case seen[written]:
			faults = append(faults, faultAt(within, faultTwice))
		case e.Type == typeTags:
			for _, f := range e.text(written) {
				faults = append(faults, faultAt(within, f.Code))
			}
		}
		seen[written] = true
	}
	return append(faults, e.counted(len(list))...)
}

// counted judges how many elements there are.
func (e *Element) counted(n int) (faults []Fault) {
	if e.Checks.Min != nil && float64(n) < *e.Checks.Min {
		faults = append(faults, faultAt("", faultTooFew))
	}
	if n > maxEntries || e.Checks.Max != nil && float64(n) > *e.Checks.Max {
		faults = append(faults, faultAt("", faultTooMany))
	}
	return faults
}

// composed judges what is kept as an object.
func (e *Element) composed(value any, now time.Time) (any, []Fault) {
	switch e.Type {
	case typeCurrency:
		return value, e.amount(value)
	case typeConsent:
		return e.consent(value, now)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return value, fault(faultType)
	}
	parts, required := e.Checks.Parts, e.Checks.RequiredParts
	if e.Type == typeCompany {
		parts, required = companyParts, []string{"name"}
	}
	return object, composedOf(object, parts, required)
}

// composedOf judges an object of texts.
func composedOf(object map[string]any, parts, required []string) (faults []Fault) {
	if hasOthers(object, parts...) {
		faults = fault(faultPart) // which one is not repeated: callers name it, and it may be anything
	}
	for _, name := range parts {
		written, isText := object[name].(string)
		switch {
		case object[name] != nil && (!isText || len(written) > maxText):
			faults = append(faults, faultAt("."+name, faultType))
		case text.Hidden(written, text.Line) != "":
			faults = append(faults, faultAt("."+name, faultHidden))
		case name == "country" && written != "" && country.Two(written) != written:
			faults = append(faults, faultAt("."+name, faultCountry))
		case name == "state" && written != "" && !isStateOf(object["country"], written):
			faults = append(faults, faultAt("."+name, faultState))
		}
	}
	for _, name := range required {
		if empty(object[name]) {
			faults = append(faults, faultAt("."+name, faultRequired))
		}
	}
	return faults
}

func isStateOf(of any, state string) bool {
	name, _ := of.(string)
	names := country.States(name)
	return names == nil || slices.Contains(names, state)
}

// amount judges an amount of money: a number where there is one currency, or {amount, currency}.
func (e *Element) amount(value any) []Fault {
	if len(e.Checks.Currencies) == 1 {
		return e.money(value, e.Checks.Currencies[0], "")
	}
	object, ok := value.(map[string]any)
	if !ok {
		return fault(faultType)
	}
	var faults []Fault
	if hasOthers(object, amountParts...) {
		faults = fault(faultPart)
	}
	code, _ := object["currency"].(string)
	if !slices.Contains(e.Checks.Currencies, code) {
		faults = append(faults, faultAt(".currency", faultCurrency))
	}
	if object["amount"] == nil {
		return append(faults, faultAt(".amount", faultRequired))
	}
	return append(faults, e.money(object["amount"], code, ".amount")...)
}

func (e *Element) money(value any, currency, within string) (faults []Fault) {
	for _, f := range e.number(value) {
		faults = append(faults, faultAt(within, f.Code))
	}
	if n, ok := expr.Number(value); ok && !precise(n, decimals(currency)) {
		faults = append(faults, faultAt(within, faultPrecision))
	}
	return faults
}

// precise reports whether a number has at most so many decimal places, as it is written.
func precise(n float64, places int) bool {
	_, fraction, _ := strings.Cut(expr.Text(math.Abs(n)), ".")
	return len(fraction) <= places
}

// decimals of a currency's smallest unit (ISO 4217).
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// consent is agreement to the version of a text that is shown; the server notes when. Anything but agreement is no answer.
func (e *Element) consent(value any, now time.Time) (any, []Fault) {
	object, ok := value.(map[string]any)
	if !ok {
		return value, fault(faultType)
	}
	if hasOthers(object, consentParts...) {
		return value, fault(faultPart)
	}
	at, isText := object["at"].(string)
	if _, err := time.Parse(time.RFC3339, at); object["at"] != nil && (!isText || err != nil) {
		return value, []Fault{faultAt(".at", faultType)}
	}
	accepted, isBool := object["accepted"].(bool)
	switch {
	case !isBool:
		return value, []Fault{faultAt(".accepted", faultType)}
	case !accepted:
		return nil, nil
	case object["version"] != e.Checks.Version:
		return value, fault(faultOutdated)
	}
	return map[string]any{"accepted": true, "version": e.Checks.Version, "at": now.UTC().Format(time.RFC3339)}, nil
}

// hasOthers reports whether an object has members besides some.
func hasOthers(object map[string]any, known ...string) bool {
	for name := range object {
		if !slices.Contains(known, name) {
			return true
		}
	}
	return false
}

func sortedKeys(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
