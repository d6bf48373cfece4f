package flow

// Fault is something that is wrong with an answer, or missing. It has no value.
type Fault struct {
	Code    string `json:"code" doc:"what is wrong: required, type, option, format, …"`
	Message string `json:"message" doc:"for the applicant, in their language"`
	// Original: Message is in another language than the one that was asked for.
	Original bool `json:"original,omitempty" doc:"the message is not in the requested language"`

	within string // of the value: ".line1", "[2]"
}

// Codes of faults.
const (
	faultRequired  = "required"
	faultNeeded    = "needed"    // another rule cannot be decided without the answer
	faultUndecided = "undecided" // a validator cannot be decided yet
	faultType      = "type"
	faultHidden    = "hidden_character"
	faultOption    = "option"
	faultMin       = "min"
	faultMax       = "max"
	faultTooShort  = "min_length"
	faultTooLong   = "max_length"
	faultTooFew    = "too_few"
	faultTooMany   = "too_many"
	faultTwice     = "duplicate"
	faultPattern   = "pattern"
	faultFormat    = "format"
	faultDate      = "date"
	faultMinAge    = "min_age"
	faultMaxAge    = "max_age"
	faultPast      = "past"
	faultFuture    = "future"
	faultPhone     = "phone"
	faultCountry   = "country"
	faultState     = "state"
	faultCurrency  = "currency"
	faultPrecision = "precision"
	faultCode      = "code" // of an industry or a merchant category
	faultPart      = "unknown_part"
	faultOutdated  = "outdated" // consent to another version
	faultRule      = "rule"     // a validator
	faultSchema    = "schema"   // the context's
	faultMissing   = "missing"  // a document
	faultUploading = "uploading"
	faultRevision  = "revision" // a reviewer asks for another file
	faultRefused   = "refused"  // the file was not what was announced
)

// message is what an applicant reads of a fault where the definition has no text of its own.
type message struct{ code, en, de string }

var messages = []message{
	{faultRequired, "Please fill this in.", "Bitte füllen Sie dies aus."},
	{faultNeeded, "Please answer this: what else is asked depends on it.", "Bitte beantworten Sie dies: Davon hängt ab, was noch gefragt wird."},
	{faultUndecided, "This cannot be checked until another question is answered.", "Dies kann erst geprüft werden, wenn eine andere Antwort vorliegt."},
	{faultType, "This is not an answer of the expected kind.", "Diese Antwort hat nicht die erwartete Form."},
	{faultHidden, "This contains a character that cannot be seen.", "Dies enthält ein Zeichen, das man nicht sieht."},
	{faultOption, "Please choose one of the options.", "Bitte wählen Sie eine der Möglichkeiten."},
	{faultMin, "This is too small.", "Dieser Wert ist zu klein."},
	{faultMax, "This is too large.", "Dieser Wert ist zu groß."},
	{faultTooShort, "This is too short.", "Dies ist zu kurz."},
	{faultTooLong, "This is too long.", "Dies ist zu lang."},
	{faultTooFew, "Please enter more.", "Bitte geben Sie mehr an."},
	{faultTooMany, "These are too many.", "Das sind zu viele."},
	{faultTwice, "This is entered twice.", "Dies ist doppelt angegeben."},
	{faultPattern, "This does not have the expected form.", "Dies hat nicht die erwartete Form."},
	{faultFormat, "This does not have the expected form.", "Dies hat nicht die erwartete Form."},
	{faultDate, "Please enter a date that exists.", "Bitte geben Sie ein Datum an, das es gibt."},
	{faultMinAge, "You are too young for this.", "Sie sind dafür zu jung."},
	{faultMaxAge, "Please check the year.", "Bitte prüfen Sie das Jahr."},
	{faultPast, "The date must be in the past.", "Das Datum muss in der Vergangenheit liegen."},
	{faultFuture, "The date must be in the future.", "Das Datum muss in der Zukunft liegen."},
	{faultPhone, "Please enter a telephone number with its country code, such as +49.", "Bitte geben Sie eine Telefonnummer mit Landesvorwahl an, etwa +49."},
	{faultCountry, "Please choose a country.", "Bitte wählen Sie ein Land."},
	{faultState, "Please choose a state of this country.", "Bitte wählen Sie einen Bundesstaat dieses Landes."},
	{faultCurrency, "Please choose one of the currencies.", "Bitte wählen Sie eine der Währungen."},
	{faultPrecision, "The amount has too many decimal places.", "Der Betrag hat zu viele Nachkommastellen."},
	{faultCode, "There is no such code.", "Diesen Code gibt es nicht."},
	{faultPart, "This part is not known.", "Dieser Teil ist nicht bekannt."},
	{faultOutdated, "The text has changed. Please read it and agree to it again.", "Der Text hat sich geändert. Bitte lesen Sie ihn und stimmen Sie erneut zu."},
	{faultRule, "Please check this.", "Bitte prüfen Sie dies."},
	{faultSchema, "This cannot be saved as it is.", "Dies kann so nicht gespeichert werden."},
	{faultMissing, "Please upload this document.", "Bitte laden Sie dieses Dokument hoch."},
	{faultUploading, "The file has not arrived yet.", "Die Datei ist noch nicht angekommen."},
	{faultRevision, "Please upload another file.", "Bitte laden Sie eine andere Datei hoch."},
	{faultRefused, "The file could not be read. Please upload another one.", "Die Datei war nicht lesbar. Bitte laden Sie eine andere hoch."},
}

// faultCodes are those that a definition can have texts for.
var faultCodes = func() (codes []string) {
	for _, m := range messages {
		codes = append(codes, m.code)
	}
	return codes
}()

// worded adds to a fault the text that the applicant reads.
func worded(f Fault, own Text, texts map[string]Text, language string) Fault {
	for _, text := range []Text{own, texts[f.Code], texts[""]} {
		if text != nil {
			f.Message, f.Original = text.In(language)
			return f
		}
	}
	for _, m := range messages {
		if m.code == f.Code {
			f.Message, f.Original = Text{english: m.en, "de": m.de}.In(language)
		}
	}
	return f
}
