package issuer

import (
	"crypto/rand"
	"crypto/subtle"
	_ "embed" // the page and its style
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

//go:embed signin.html
var pageText string

//go:embed signin.css
var styleText []byte

var pageTemplate = template.Must(template.New("sign-in").Parse(pageText))

// HashPassword is how a password is kept.
func HashPassword(password string) (string, error) {
	sum, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return "", problem.Wrap(err, problem.Invalid, "The password cannot be kept: it has at most 72 bytes.")
	}
	return string(sum), nil
}

// nobody is a hash that no password has: checking an account that does not exist takes as long as one that does.
const nobody = "$2a$10$7EqJtq98hPqEX7fNZaFWoOhi5B0Qf1lV0bq6zGm3rXIqZt4p8G8K6"

func passwordIs(person identity.Person, password string) bool {
	kept := person.PasswordHash
	if kept == "" {
		kept = nobody
	}
	return bcrypt.CompareHashAndPassword([]byte(kept), []byte(password)) == nil && person.PasswordHash != "" && !person.Disabled
}

// pageData fills the sign-in page.
type pageData struct {
	Query   string // of the authorization request
	Email   string
	Failure string // "credentials", "locked", "request"; "" for none
	Minutes int    // locked: until the next attempt
	Message string // of the failure, in the reader's language
	Token   string
	Demo    []DemoPerson
	T       map[string]string
	Lang    string
}

const (
	formCookie      = "ballerine_form"
	formTokenLength = 26 // of rand.Text
)

var texts = map[string]map[string]string{
	"en": {
		"title": "Sign in", "lead": "The back office of Ballerine", "email": "E-mail", "password": "Password", "submit": "Sign in", "demo": "Demo accounts of this machine",
		"as": "Sign in as", "credentials": "The e-mail address or password is incorrect.", "locked": "Too many attempts. Try again in %d min.",
		"request": "This sign-in was not started by the dashboard, or has expired. Open the dashboard again.", "open": "Open the dashboard",
		"admin": "Admin", "manager": "Manager", "reviewer": "Reviewer", "auditor": "Auditor", "developer": "Developer",
	},
	"de": {
		"title": "Anmelden", "lead": "Das Backoffice von Ballerine", "email": "E-Mail", "password": "Passwort", "submit": "Anmelden", "demo": "Demo-Konten dieses Rechners",
		"as": "Anmelden als", "credentials": "E-Mail-Adresse oder Passwort ist falsch.", "locked": "Zu viele Versuche. Versuchen Sie es in %d Min. erneut.",
		"request": "Diese Anmeldung wurde nicht vom Dashboard gestartet oder ist abgelaufen. Öffnen Sie das Dashboard erneut.", "open": "Dashboard öffnen",
		"admin": "Administration", "manager": "Leitung", "reviewer": "Prüfung", "auditor": "Revision", "developer": "Entwicklung",
	},
}

// page writes the sign-in page. Its form carries a token that a cookie has, too, so that no other site can send it.
func (p *Provider) page(w http.ResponseWriter, r *http.Request, status int, data pageData) {
	data.Lang = "en"
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "de") {
		data.Lang = "de"
	}
	data.T = texts[data.Lang]
	if data.Message = data.T[data.Failure]; data.Failure == "locked" {
		data.Message = fmt.Sprintf(data.Message, data.Minutes)
	}
	if data.Failure != "request" {
		data.Demo, data.Token = p.Demo, formToken(r)
		p.setCookie(w, formCookie, data.Token, int(time.Hour.Seconds()))
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	if err := pageTemplate.Execute(w, data); err != nil {
		p.Logger.WarnContext(r.Context(), "the sign-in page was not written", "error", err.Error())
	}
}

func formToken(r *http.Request) string {
	if cookie, err := r.Cookie(formCookie); err == nil && len(cookie.Value) >= formTokenLength {
		return cookie.Value
	}
	return rand.Text()
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(styleText) // the caller has gone: the error cannot be reported
}

// signIn checks a password and continues with the authorization request.
func (p *Provider) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !sameForm(r) {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	query := r.PostForm.Get("query")
	requested, err := url.ParseQuery(query)
	if err != nil {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	email := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	try := attempt{account: email, address: addressOf(r.RemoteAddr), device: p.device(r, email)}
	if wait := p.attempts.reserve(try); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		p.page(w, r, http.StatusTooManyRequests, pageData{Failure: "locked", Query: query, Email: email, Minutes: int(math.Ceil(wait.Minutes()))})
		return
	}
	person, err := p.People.UserByEmail(r.Context(), p.Tenant, email)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		p.attempts.undecided(try)
		p.Logger.ErrorContext(r.Context(), "a person was not looked up", "error", err.Error())
		p.page(w, r, http.StatusServiceUnavailable, pageData{Failure: "request"})
		return
	}
	if !passwordIs(person, r.PostForm.Get("password")) {
		p.page(w, r, http.StatusUnauthorized, pageData{Failure: "credentials", Query: query, Email: email})
		return
	}
	p.attempts.succeeded(try)
	if err := p.begin(w, r, person, try); err != nil {
		p.Logger.ErrorContext(r.Context(), "a session was not kept", "error", err.Error())
		p.page(w, r, http.StatusServiceUnavailable, pageData{Failure: "request"})
		return
	}
	requested.Del("prompt") // these have been followed
	requested.Del("max_age")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, pathAuthorize+"?"+requested.Encode(), http.StatusSeeOther) //nolint:gosec // our own path
}

// sameForm reports whether a form comes from a page that we have shown to this browser: its token is the cookie's. An
// empty token does not count: with an empty cookie it would prove nothing.
func sameForm(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false // as stated by the browser itself
	}
	cookie, err := r.Cookie(formCookie)
	if err != nil || len(cookie.Value) < formTokenLength {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(r.PostForm.Get("token"))) == 1
}

// begin keeps a session of the browser in place of the one it had, and remembers the browser as one that the account is
// used on.
func (p *Provider) begin(w http.ResponseWriter, r *http.Request, person identity.Person, try attempt) error {
	if err := p.end(r); err != nil {
		return err
	}
	secret, now := rand.Text(), p.Now()
	session := Grant{User: person.ID, Tenant: person.Tenant, SignedIn: now, Expires: now.Add(p.Session)}
	if err := p.put(r.Context(), "session/"+hash(secret), session); err != nil {
		return err
	}
	p.setCookie(w, sessionCookie, secret, int(p.Session.Seconds()))
	if try.device != "" {
		return nil
	}
	device := rand.Text()
	if cookie, err := r.Cookie(deviceCookie); err == nil && len(cookie.Value) == len(device) {
		device = cookie.Value // of another account on the same browser
	}
	known := Grant{User: person.ID, Tenant: person.Tenant, SignedIn: now, Expires: now.Add(deviceLife)}
	if err := p.put(r.Context(), deviceKey(device, try.account), known); err != nil {
		return err
	}
	p.setCookie(w, deviceCookie, device, int(deviceLife.Seconds()))
	return nil
}

// deviceCookie states that an account was signed in to from this browser. It does not authenticate anybody: it only
// prevents the guesses of others from counting against its user.
const (
	deviceCookie = "ballerine_device"
	deviceLife   = 180 * 24 * time.Hour
)

// deviceKey has the account as a hash, since it is personal data.
func deviceKey(secret, account string) string { return "device/" + hash(secret) + "/" + hash(account) }

// device is the browser, if the account was signed in to from it; "" otherwise.
func (p *Provider) device(r *http.Request, account string) string {
	cookie, err := r.Cookie(deviceCookie)
	if err != nil || cookie.Value == "" {
		return ""
	}
	if _, ok, err := p.read(r.Context(), deviceKey(cookie.Value, account)); err != nil || !ok {
		return ""
	}
	return hash(cookie.Value)
}
