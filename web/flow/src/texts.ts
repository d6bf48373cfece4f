/** The words that are these pages' own. What a workflow asks comes from the server in the reader's language. */
const en = {
  title: 'Verification',
  language: 'Language',
  loading: 'Loading…',
  continue: 'Continue',
  submit: 'Submit',
  back: 'Back',
  edit: 'Change',
  editOf: 'Change: {0}',
  optional: 'optional',
  step: 'Step {0} of {1}',
  choose: 'Please choose',
  yes: 'Yes',
  no: 'No',
  day: 'Day',
  month: 'Month',
  year: 'Year',
  amount: 'Amount',
  currency: 'Currency',
  one_per_line: 'One in each line',
  saved: 'Saved',
  saving: 'Saving…',
  waiting: 'You are offline. What you enter is kept as long as this page is open, and saved when you are back.',
  problems: 'Please check the following',
  not_given: 'Not given',
  add: 'Add another one',
  remove: 'Remove',
  removeOf: 'Remove number {0}',
  number: 'Number {0}',
  photo: 'Take a photo',
  file: 'Choose a file',
  replace: 'Replace',
  tips: 'All four edges are visible, nothing is blurred or reflects.',
  formats: '{0}.',
  formats_up_to: '{0}, at most {1} MB.',
  selfie_tips: 'Look straight into the camera, in good light, without a hat or dark glasses.',
  preparing: 'Preparing…',
  sending: 'Uploading: {0} %',
  checking: 'Nearly done…',
  uploaded: 'Uploaded',
  upload_failed: 'This did not work. Please try again.',
  upload_refused: 'This file cannot be used. Please choose another one:',
  upload_offline: 'There is no connection. Please try again.',
  cancel: 'Cancel',
  side_front: 'Front',
  side_back: 'Back side',
  missing_document: 'Not uploaded yet',
  revision: 'We need something again',
  conflict: 'Your answers were changed elsewhere. Please check what is here now, and continue.',
  failed: 'This did not work. Please try again.',
  offline: 'There is no connection. Please try again.',
  again: 'Try again',
  no_token_title: 'This link is not complete',
  no_token: 'Please open the link that you were sent.',
  expired_title: 'This link has expired',
  expired: 'What was saved before is kept. Please ask for a new link where you got this one.',
  failed_title: 'This page cannot be shown',
  review_title: 'Thank you. We are checking your details',
  review:
    'You need not do anything, and may close this page. We will contact you when we need something, or when we have finished.',
  approved_title: 'You are verified',
  approved: 'Everything is done. You may close this page.',
  rejected_title: 'We could not verify you',
  rejected:
    'Your details were checked, and could not be confirmed. Please contact whoever sent you the link if you have questions.',
  completed_title: 'Everything is done',
  completed: 'You may close this page.',
  ended_title: 'This verification has ended',
  ended: 'It was not completed in time, or was ended. Please ask for a new link where you got this one.',
  address_line1: 'Street and number',
  address_line2: 'Addition',
  address_postal_code: 'Postal code',
  address_city: 'City',
  address_state: 'State or region',
  address_country: 'Country',
  company_name: 'Name of the company',
  company_registration_number: 'Registration number',
  company_country: 'Country',
  company_lei: 'LEI',
  phone_hint: 'With the country code, such as +44',
  date_hint: 'For example 27 3 1985',
  fault_required: 'Please fill this in.',
  fault_missing: 'Please upload this document.',
  fault_min_length: 'This is too short.',
  fault_max_length: 'This is too long.',
  fault_pattern: 'This does not have the expected form.',
  fault_option: 'Please choose one of the options.',
  fault_min: 'This is too small.',
  fault_max: 'This is too large.',
  fault_too_few: 'Please enter more.',
  fault_too_many: 'These are too many.',
  fault_date: 'Please enter a date that exists.',
  fault_past: 'The date must be in the past.',
  fault_future: 'The date must be in the future.',
  fault_min_age: 'You are too young for this.',
  fault_max_age: 'Please check the year.',
  fault: 'Please check this.',
};

export type Name = keyof typeof en;

const de: Record<Name, string> = {
  title: 'Identitätsprüfung',
  language: 'Sprache',
  loading: 'Wird geladen …',
  continue: 'Weiter',
  submit: 'Absenden',
  back: 'Zurück',
  edit: 'Ändern',
  editOf: 'Ändern: {0}',
  optional: 'freiwillig',
  step: 'Schritt {0} von {1}',
  choose: 'Bitte wählen',
  yes: 'Ja',
  no: 'Nein',
  day: 'Tag',
  month: 'Monat',
  year: 'Jahr',
  amount: 'Betrag',
  currency: 'Währung',
  one_per_line: 'Je Zeile eine Angabe',
  saved: 'Gespeichert',
  saving: 'Wird gespeichert …',
  waiting:
    'Sie sind offline. Ihre Angaben bleiben erhalten, solange diese Seite offen ist, und werden gespeichert, sobald die Verbindung wieder da ist.',
  problems: 'Bitte prüfen Sie Folgendes',
  not_given: 'Keine Angabe',
  add: 'Weiteren Eintrag hinzufügen',
  remove: 'Entfernen',
  removeOf: 'Nummer {0} entfernen',
  number: 'Nummer {0}',
  photo: 'Foto aufnehmen',
  file: 'Datei auswählen',
  replace: 'Ersetzen',
  tips: 'Alle vier Ränder sind zu sehen, nichts ist verschwommen oder spiegelt.',
  formats: '{0}.',
  formats_up_to: '{0}, höchstens {1} MB.',
  selfie_tips: 'Schauen Sie bei gutem Licht gerade in die Kamera, ohne Hut oder dunkle Brille.',
  preparing: 'Wird vorbereitet …',
  sending: 'Wird hochgeladen: {0} %',
  checking: 'Gleich fertig …',
  uploaded: 'Hochgeladen',
  upload_failed: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  upload_refused: 'Diese Datei ist nicht verwendbar. Bitte wählen Sie eine andere:',
  upload_offline: 'Es gibt keine Verbindung. Bitte versuchen Sie es noch einmal.',
  cancel: 'Abbrechen',
  side_front: 'Vorderseite',
  side_back: 'Rückseite',
  missing_document: 'Noch nicht hochgeladen',
  revision: 'Wir brauchen noch einmal etwas von Ihnen',
  conflict:
    'Ihre Angaben wurden an anderer Stelle geändert. Bitte prüfen Sie, was jetzt hier steht, und machen Sie weiter.',
  failed: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  offline: 'Es gibt keine Verbindung. Bitte versuchen Sie es noch einmal.',
  again: 'Noch einmal versuchen',
  no_token_title: 'Dieser Link ist unvollständig',
  no_token: 'Bitte öffnen Sie den Link, den Sie erhalten haben.',
  expired_title: 'Dieser Link ist abgelaufen',
  expired:
    'Was schon gespeichert war, bleibt erhalten. Bitte verlangen Sie dort einen neuen Link, wo Sie diesen erhalten haben.',
  failed_title: 'Diese Seite lässt sich nicht anzeigen',
  review_title: 'Danke. Wir prüfen Ihre Angaben',
  review:
    'Sie müssen nichts weiter tun und können diese Seite schließen. Wir melden uns, wenn wir etwas brauchen oder fertig sind.',
  approved_title: 'Ihre Identität ist bestätigt',
  approved: 'Alles ist erledigt. Sie können diese Seite schließen.',
  rejected_title: 'Wir konnten Ihre Identität nicht bestätigen',
  rejected:
    'Ihre Angaben wurden geprüft und ließen sich nicht bestätigen. Wenden Sie sich bei Fragen bitte an die Stelle, die Ihnen den Link geschickt hat.',
  completed_title: 'Alles ist erledigt',
  completed: 'Sie können diese Seite schließen.',
  ended_title: 'Diese Prüfung ist beendet',
  ended:
    'Sie wurde nicht rechtzeitig abgeschlossen oder wurde beendet. Bitte verlangen Sie dort einen neuen Link, wo Sie diesen erhalten haben.',
  address_line1: 'Straße und Hausnummer',
  address_line2: 'Zusatz',
  address_postal_code: 'Postleitzahl',
  address_city: 'Ort',
  address_state: 'Bundesstaat oder Region',
  address_country: 'Land',
  company_name: 'Name der Firma',
  company_registration_number: 'Registernummer',
  company_country: 'Land',
  company_lei: 'LEI',
  phone_hint: 'Mit Landesvorwahl, etwa +49',
  date_hint: 'Zum Beispiel 27 3 1985',
  fault_required: 'Bitte füllen Sie dies aus.',
  fault_missing: 'Bitte laden Sie dieses Dokument hoch.',
  fault_min_length: 'Dies ist zu kurz.',
  fault_max_length: 'Dies ist zu lang.',
  fault_pattern: 'Dies hat nicht die erwartete Form.',
  fault_option: 'Bitte wählen Sie eine der Möglichkeiten.',
  fault_min: 'Dieser Wert ist zu klein.',
  fault_max: 'Dieser Wert ist zu groß.',
  fault_too_few: 'Bitte geben Sie mehr an.',
  fault_too_many: 'Das sind zu viele.',
  fault_date: 'Bitte geben Sie ein Datum an, das es gibt.',
  fault_past: 'Das Datum muss in der Vergangenheit liegen.',
  fault_future: 'Das Datum muss in der Zukunft liegen.',
  fault_min_age: 'Sie sind dafür zu jung.',
  fault_max_age: 'Bitte prüfen Sie das Jahr.',
  fault: 'Bitte prüfen Sie dies.',
};

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;
const catalogues: Record<Language, Record<Name, string>> = { en, de };

export type Texts = ReturnType<typeof textsOf>;

/** The words of a language, with what they are about put in. */
export function textsOf(language: Language) {
  const catalogue = catalogues[language];
  const say = (name: Name, ...about: (string | number)[]) =>
    catalogue[name].replace(/\{(\d)\}/g, (_, at) => String(about[Number(at)] ?? ''));
  const fault = (code: string, message: string) =>
    message || (`fault_${code}` in catalogue ? catalogue[`fault_${code}` as Name] : catalogue.fault);
  return { language, region: regionOf(language), say, fault };
}

/** The language as a person's device has it, for days and numbers: en-GB, de-AT. */
const regionOf = (language: Language): string =>
  navigator.languages.find((one) => one.toLowerCase().startsWith(`${language}-`)) ??
  (language === 'en' ? 'en-GB' : language);

/** The first of a person's languages that these pages have. */
export function languageOf(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const name = one.slice(0, 2).toLowerCase();
    if (name in languages) return name as Language;
  }
  return 'en';
}
