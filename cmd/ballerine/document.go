package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gabriel-vasile/mimetype"
	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
)

func caseDocumentsCommand(t *target) *cobra.Command {
	cmd := &cobra.Command{Use: "documents", Short: "List, download and upload the documents of a case"}
	cmd.AddCommand(completes(documentListCommand(t), t, knownCases), completes(documentDownloadCommand(t), t, knownCases, knownDocuments), completesThenFile(documentUploadCommand(t), t, knownCases))
	return cmd
}

func documentListCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "list CASE", Short: "List the documents of a case", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.show(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return printDocuments(cmd, found.Documents)
			})
		},
	}
}

func printDocuments(cmd *cobra.Command, found []httpapi.Document) error {
	return printRows(cmd, found, "DOCUMENT|KIND|SIDE|STATUS|TYPE|BYTES|CREATED", func(d httpapi.Document) []any {
		return []any{d.ID, d.Kind, d.Side, d.Status, d.ContentType, d.Size, d.CreatedAt}
	})
}

// document of a case. Errors: NotFound.
func (r remote) document(ctx context.Context, id, document string) (httpapi.Document, error) {
	var page httpapi.List[httpapi.Document]
	if err := r.get(ctx, casePath(id, "documents"), &page); err != nil {
		return httpapi.Document{}, err
	}
	for _, d := range page.Data {
		if d.ID == document {
			return d, nil
		}
	}
	return httpapi.Document{}, problem.New(problem.NotFound, "The case has no document with this id.")
}

func documentDownloadCommand(t *target) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "download CASE DOCUMENT", Short: "Download a document; the view is recorded in the history", Args: cobra.ExactArgs(2),
		Long: "Downloads a document and verifies its SHA-256 against the announced one; the file is written completely or not at all. The view is recorded in the history.",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := t.system()
			if err != nil {
				return err
			}
			document, err := r.document(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			var link cases.Link
			if err := r.get(cmd.Context(), casePath(args[0], "documents", args[1], "link"), &link); err != nil {
				return err
			}
			content, err := fetched(cmd.Context(), link.URL, document)
			if err != nil {
				return err
			}
			return toFile(cmd, output, func(w io.Writer) error {
				_, err := w.Write(content)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	return cmd
}

// transferTime is how long the bytes of a document may take.
const transferTime = 10 * time.Minute

// fetched are the bytes of a document behind its link, which carries its own permission. Errors: Unavailable, and Invalid when
// they are not those that were announced.
func fetched(ctx context.Context, url string, document httpapi.Document) ([]byte, error) {
	got, err := transfer(ctx, http.MethodGet, url, nil, nil, document.Size)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(got); int64(len(got)) != document.Size || hex.EncodeToString(sum[:]) != document.SHA256 {
		return nil, problem.New(problem.Invalid, "The downloaded content is not the announced document: its SHA-256 differs.")
	}
	return got, nil
}

// transfer sends bytes to a link of the interface or fetches them; of an answer, at most limit and a byte more.
func transfer(ctx context.Context, method, url string, headers map[string]string, content []byte, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(content))
	if err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "The link of the document is not a URL.")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, unreachable(err, "The document store does not respond.")
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, away(response.StatusCode, problem.New(problem.Unavailable, "The document store responded with status %d.", response.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, unreachable(err, "The document could not be read to its end.")
	}
	return text, nil
}

// announced is what the interface answers when a document is announced.
type announced struct {
	Document httpapi.Document `json:"document"`
	Upload   cases.Upload     `json:"upload"`
}

func documentUploadCommand(t *target) *cobra.Command {
	var kind, side, contentType, key string
	var properties objectInput
	cmd := &cobra.Command{
		Use: "upload CASE FILE --kind KIND", Short: "Announce a file as a document of a case, and upload it; - is standard input", Args: cobra.ExactArgs(2),
		Example: "  ballerine case documents upload case_01M… passport.png --kind passport --side front",
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind == "" {
				return usageError{fmt.Errorf("--kind is required: the kind of the document, as the workflow names it")}
			}
			if err := onlyOneReads(args[1], properties.file); err != nil {
				return err
			}
			content, err := readFile(cmd, args[1])
			if err != nil {
				return err
			}
			if contentType == "" {
				contentType = mimetype.Detect(content).String()
			}
			sum := sha256.Sum256(content)
			body := map[string]any{"kind": kind, "content_type": contentType, "size": len(content), "sha256": hex.EncodeToString(sum[:])}
			if side != "" {
				body["side"] = side
			}
			given, err := properties.read(cmd)
			if err != nil {
				return err
			}
			if given != nil {
				body["properties"] = given
			}
			return t.upload(cmd, args[0], message{method: http.MethodPost, path: casePath(args[0], "documents"), body: body, header: once(key)}, content)
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "kind of the document, as the workflow names it, such as passport")
	cmd.Flags().StringVar(&side, "side", "", "side of the document, if its kind has several, such as front")
	cmd.Flags().StringVar(&contentType, "content-type", "", "content type; default: detected from the file")
	properties.flags(cmd, "properties", "set", "the declared properties")
	onceFlag(cmd, &key)
	return cmd
}

// upload announces a document, sends its bytes, and prints it as the case has it then.
func (t *target) upload(cmd *cobra.Command, id string, announce message, content []byte) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var made announced
	if err := r.send(cmd.Context(), announce, &made); err != nil {
		return err
	}
	if _, err := transfer(cmd.Context(), made.Upload.Method, made.Upload.URL, made.Upload.Headers, content, 1<<20); err != nil {
		return err
	}
	document, err := r.document(cmd.Context(), id, made.Document.ID)
	if err != nil {
		return err
	}
	if asJSON(cmd) {
		return printJSON(cmd, document)
	}
	return printDocuments(cmd, []httpapi.Document{document})
}
