package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/problem"
)

// headSize is what API Gateway bounds: the request line and the values of the headers.
func headSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + 2 + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// ofConnection are the headers that are about the connection, in either direction: they end here.
var ofConnection = []string{"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

// lowerHeaders joins repeated headers with commas under lower-case names; cookies are returned separately. Headers about
// the connection are left out, and the origin of the request is added.
func lowerHeaders(r *http.Request, size int) (headers map[string]string, cookies []string) {
	headers = make(map[string]string, len(r.Header)+5)
	for name, values := range r.Header {
		if name == "Cookie" {
			for _, line := range values {
				for _, cookie := range strings.Split(line, ";") {
					cookies = append(cookies, strings.TrimSpace(cookie))
				}
			}
			continue
		}
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	withoutConnection(headers)
	headers["host"] = r.Host
	headers["content-length"] = strconv.Itoa(size)
	came(headers, r)
	return headers, cookies
}

// withoutConnection removes what is about the connection, and what it names.
func withoutConnection(headers map[string]string) {
	for _, name := range strings.Split(headers["connection"], ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			delete(headers, name)
		}
	}
	for _, name := range ofConnection {
		delete(headers, name)
	}
}

// came adds where the request came from, after what a proxy has stated.
func came(headers map[string]string, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if before := headers["x-forwarded-for"]; before != "" {
		host = before + ", " + host
	}
	proto, port := "http", "80"
	if r.TLS != nil {
		proto, port = "https", "443"
	}
	if _, named, err := net.SplitHostPort(r.Host); err == nil {
		port = named
	}
	headers["x-forwarded-for"], headers["x-forwarded-proto"], headers["x-forwarded-port"] = host, proto, port
}

func joinValues(values map[string][]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	joined := make(map[string]string, len(values))
	for name, all := range values {
		joined[name] = strings.Join(all, ",")
	}
	return joined
}

// encodeBody returns text as it is and everything else as base64.
func encodeBody(contentType string, body []byte) (text string, encoded bool) {
	if isText(contentType) && utf8.Valid(body) {
		return string(body), false
	}
	if len(body) == 0 {
		return "", false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

func isText(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") ||
		kind == "application/json" || kind == "application/xml" || kind == "application/javascript"
}

// mostEscaped is how many bytes of JSON one byte of text is at most: a control character is written as \u0001.
const mostEscaped = 6

// asItIs reports whether an event reads back from JSON as it was, and is far below the limit of sizes.
func asItIs(event *events.APIGatewayV2HTTPRequest) bool {
	whole, size := true, 0
	add := func(texts ...string) {
		for _, text := range texts {
			size += len(text)
			whole = whole && utf8.ValidString(text)
		}
	}
	for _, values := range []map[string]string{event.Headers, event.QueryStringParameters, event.PathParameters} {
		for name, value := range values {
			add(name, value)
		}
	}
	about := event.RequestContext.HTTP
	add(event.Cookies...)
	add(event.RawPath, event.RawQueryString, event.RequestContext.DomainName, about.Method, about.Path, about.Protocol, about.SourceIP, about.UserAgent)
	return whole && mostEscaped*(size+len(event.Body)) < maxPayload/2 // the body is UTF-8 or base64
}

// sound reports whether an answer is one, reads back from JSON as it is, and is far below the limit of sizes.
func sound(response events.APIGatewayV2HTTPResponse) bool {
	size, whole := len(response.Body), utf8.ValidString(response.Body)
	for name, value := range response.Headers {
		size += len(name) + len(value)
		whole = whole && utf8.ValidString(value)
	}
	for _, cookie := range response.Cookies {
		size += len(cookie)
		whole = whole && utf8.ValidString(cookie)
	}
	return response.StatusCode != 0 && whole && mostEscaped*size < maxPayload/2
}

// readResponse reads a function's answer of format 2.0. One without a status is the body of a 200, as API Gateway takes it.
func readResponse(answer []byte) (response events.APIGatewayV2HTTPResponse, err error) {
	if len(answer) > maxPayload {
		return response, problem.New(problem.Internal, "The function's answer is larger than 6 MB.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil || members["statusCode"] == nil {
		return inferred(answer)
	}
	if err := json.Unmarshal(answer, &response); err != nil || response.StatusCode < 100 || response.StatusCode > 599 {
		return response, problem.New(problem.Internal, "The function's answer is not of payload format 2.0.")
	}
	return response, nil
}

// inferred is the answer that is derived from any other JSON value. A string is the body without its quotes.
func inferred(answer []byte) (events.APIGatewayV2HTTPResponse, error) {
	if !json.Valid(answer) {
		return events.APIGatewayV2HTTPResponse{}, problem.New(problem.Internal, "The function's answer is not JSON.")
	}
	body, text := string(answer), ""
	if json.Unmarshal(answer, &text) == nil && answer[0] == '"' {
		body = text
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Headers: map[string]string{"content-type": "application/json"}, Body: body}, nil
}

// writeResponse writes a function's answer. Format 2.0 has no headers of several values: cookies travel apart.
func writeResponse(w http.ResponseWriter, response events.APIGatewayV2HTTPResponse) error {
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			return problem.Wrap(err, problem.Internal, "The function's answer is not base64.")
		}
		body = decoded
	}
	header := w.Header()
	lower := make(map[string]string, len(response.Headers))
	for name, value := range response.Headers {
		lower[strings.ToLower(name)] = value
	}
	withoutConnection(lower)
	delete(lower, "content-length") // it is that of the body
	for name, value := range lower {
		header.Set(name, value)
	}
	if len(body) > 0 && lower["content-type"] == "" {
		header.Set("Content-Type", "text/plain;charset=utf-8") // never guessed
	}
	for _, cookie := range response.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body) // the caller may be gone: the error cannot be reported
	return nil
}
