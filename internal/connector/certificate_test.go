package connector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// shown makes a certificate of a name and its key, in PEM.
func shown(t *testing.T, name string, until time.Time) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: until}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	written, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: written}))
}

// newMutual is a vendor that wants to see a certificate, and names those that it has seen.
func newMutual(t *testing.T) (address string, client *Client, seen func() []string) {
	t.Helper()
	var mutex sync.Mutex
	var names []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		names = append(names, r.URL.Path+" "+r.TLS.PeerCertificates[0].Subject.CommonName)
		if r.URL.Path == "/token" {
			respond(w, 200, "application/json", `{"access_token":"abc","expires_in":300}`)
			return
		}
		respond(w, 200, "application/json", `{"ok":true}`)
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.URL, &Client{
		HTTP:     outbound.NewClient(outbound.Options{AllowLoopback: true, Timeout: time.Minute, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}),
		Settings: map[string]string{"base": server.URL}, Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
	}, func() []string { mutex.Lock(); defer mutex.Unlock(); return names }
}

const mutual = base + "  method: GET\n  tls: {certificate: CERT, key: CERTKEY}\n"

func TestEachCertificateIsShownOnConnectionsOfItsOwn(t *testing.T) {
	_, client, seen := newMutual(t)
	p := parse(t, mutual)
	for _, name := range []string{"first", "second", "first"} {
		certificate, key := shown(t, name, time.Unix(1_800_000_000, 0))
		client.Secrets = MapSecrets{"CERT": certificate, "CERTKEY": key}
		for range 2 {
			if _, err := client.Do(t.Context(), p, call); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := strings.Join(seen(), ","); got != "/checks first,/checks first,/checks second,/checks second,/checks first,/checks first" {
		t.Errorf("%s", got)
	}
	if len(client.certifieds.kept) != 3 {
		t.Errorf("%d clients for three certificates", len(client.certifieds.kept))
	}
	client.Secrets = MapSecrets{}
	plain := parse(t, strings.Replace(mutual, "  tls: {certificate: CERT, key: CERTKEY}\n", "", 1))
	if _, err := client.Do(t.Context(), plain, call); problem.CodeOf(err) != problem.VendorUnavailable {
		t.Errorf("a plugin without a certificate is answered: %v", err)
	}
}

func TestTheTokenServerIsShownTheCertificateToo(t *testing.T) {
	_, client, seen := newMutual(t)
	certificate, key := shown(t, "acme", time.Unix(1_800_000_000, 0))
	client.Secrets = MapSecrets{"CERT": certificate, "CERTKEY": key, "ID": "the-client", "SECRET": "the-secret"}
	if _, err := client.Do(t.Context(), parse(t, mutual+"  auth: {oauth2: {token_url: \"{vendor.base}/token\", client_id: \"{secret.ID}\", client_secret: \"{secret.SECRET}\"}}\n"), call); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen(), ","); got != "/token acme,/checks acme" {
		t.Errorf("%s", got)
	}
}

func TestACertificateThatCannotBeUsedIsNamed(t *testing.T) {
	_, client, _ := newMutual(t)
	good, key := shown(t, "acme", time.Unix(1_800_000_000, 0))
	old, oldKey := shown(t, "acme", time.Unix(1_600_000_000, 0))
	for want, secrets := range map[string]MapSecrets{
		"The secrets CERT and CERTKEY of the plugin check are not a certificate": {"CERT": good, "CERTKEY": oldKey},
		"are not a certificate and its key in PEM":                               {"CERT": "no-certificate", "CERTKEY": key},
		"has expired on 2020-09-13":                                              {"CERT": old, "CERTKEY": oldKey},
		"The secret CERTKEY of the plugin check is not configured":               {"CERT": good},
	} {
		client.Secrets = secrets
		_, err := client.Do(t.Context(), parse(t, mutual), call)
		if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), want) || strings.Contains(fmt.Sprintf("%+v", err), "PRIVATE") {
			t.Errorf("%s: %v", want, err)
		}
	}
	client.HTTP = &http.Client{Transport: http.DefaultTransport}
	client.Secrets = MapSecrets{"CERT": good, "CERTKEY": key}
	if _, err := client.Do(t.Context(), parse(t, mutual), call); problem.CodeOf(err) != problem.Internal {
		t.Errorf("a client that cannot show a certificate sends the request: %v", err)
	}
}
