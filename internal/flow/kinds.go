package flow

import "ballerine/internal/expr"

// kind is what a type of element is.
type kind struct {
	asks    asks
	writes  expr.Types // of the value in the context
	members []string   // of a definition, besides those of every field
}

type asks int

const (
	noInput asks = iota
	asksField
	asksDocument
	asksGroup
)

// Types of elements.
const (
	typeHeading     = "heading"
	typeDescription = "description"
	typeDivider     = "divider"
	typeReview      = "review"
	typeText        = "text"
	typeNumber      = "number"
	typeCurrency    = "currency"
	typeBoolean     = "boolean"
	typeDate        = "date"
	typePhone       = "phone"
	typeCountry     = "country"
	typeNationality = "nationality"
	typeState       = "state"
	typeAddress     = "address"
	typeCompany     = "company"
	typeIndustry    = "industry"
	typeMCC         = "mcc"
	typeRadio       = "radio"
	typeSelect      = "select"
	typeCheckboxes  = "checkboxes"
	typeMultiselect = "multiselect"
	typeTags        = "tags"
	typeConsent     = "consent"
	typeFile        = "file"
	typeDocument    = "document"
	typeSelfie      = "selfie"
	typeSignature   = "signature"
	typeGroup       = "group"
)

// kinds are the types of elements. It is a variable only because Go has no constant maps: it is never written.
var kinds = map[string]kind{
	typeHeading:     {members: []string{"text"}},
	typeDescription: {members: []string{"text"}},
	typeDivider:     {},
	typeReview:      {},
	typeText:        {asksField, expr.TypeText, []string{"pattern", "min_length", "max_length", "format", "multiline"}},
	typeNumber:      {asksField, expr.TypeNumber, []string{"min", "max"}},
	typeCurrency:    {asksField, expr.TypeNumber | expr.TypeObject, []string{"min", "max", "currencies"}},
	typeBoolean:     {asksField, expr.TypeBool, nil},
	typeDate:        {asksField, expr.TypeText, []string{"min_age", "max_age", "past", "future"}},
	typePhone:       {asksField, expr.TypeText, nil},
	typeCountry:     {asksField, expr.TypeText, []string{"options"}},
	typeNationality: {asksField, expr.TypeText, []string{"options"}},
	typeState:       {asksField, expr.TypeText, []string{"options", "country"}},
	typeAddress:     {asksField, expr.TypeObject, []string{"parts", "required_parts"}},
	typeCompany:     {asksField, expr.TypeObject, nil},
	typeIndustry:    {asksField, expr.TypeText, []string{"options"}},
	typeMCC:         {asksField, expr.TypeText, []string{"options"}},
	typeRadio:       {asksField, expr.TypeText, []string{"options"}},
	typeSelect:      {asksField, expr.TypeText, []string{"options"}},
	typeCheckboxes:  {asksField, expr.TypeList, []string{"options", "min", "max"}},
	typeMultiselect: {asksField, expr.TypeList, []string{"options", "min", "max"}},
	typeTags:        {asksField, expr.TypeList, []string{"min", "max", "min_length", "max_length"}},
	typeConsent:     {asksField, expr.TypeObject, []string{"version", "text"}},
	typeFile:        {asks: asksDocument},
	typeDocument:    {asks: asksDocument},
	typeSelfie:      {asks: asksDocument},
	typeSignature:   {asks: asksDocument},
	typeGroup:       {asksGroup, expr.TypeList, []string{"min", "max", "elements"}},
}

// Members of definitions.
var (
	fieldMembers    = []string{"type", "field", "title", "hint", "error", "errors", "visible", "required", "disabled", "validate"}
	documentMembers = []string{"type", "document", "title", "hint", "error", "errors", "visible", "required", "disabled"}
	plainMembers    = []string{"type", "title", "visible"}
)

// membersOf a definition of an element.
func (k kind) membersOf() []string {
	switch k.asks {
	case asksField, asksGroup:
		return append(append([]string{}, fieldMembers...), k.members...)
	case asksDocument:
		return documentMembers
	}
	return append(append([]string{}, plainMembers...), k.members...)
}

// addressParts are what an address can have, in the order in which they are asked.
var addressParts = []string{"line1", "line2", "postal_code", "city", "state", "country"}

// consentParts and amountParts are those of consent and of amounts in one of several currencies.
var (
	consentParts = []string{"accepted", "version", "at"}
	amountParts  = []string{"amount", "currency"}
)

// companyParts are what is known of a company that was found or entered.
var companyParts = []string{"name", "registration_number", "country", "lei"}
