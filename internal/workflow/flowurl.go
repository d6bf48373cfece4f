package workflow

import (
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tokenMark is the placeholder of the applicant's token in flow.url.
const tokenMark = "{token}"

// flowURL checks where the applicant's pages are.
func (r *reader) flowURL(flow *yaml.Node) {
	for i := 0; flow.Kind == yaml.MappingNode && i+1 < len(flow.Content); i += 2 {
		if flow.Content[i].Value != "url" {
			continue
		}
		node := flow.Content[i+1]
		if text := r.doc.String(node, "flow.url"); !usableFlowURL(text) {
			r.doc.Report(node, "flow.url", "format", "flow.url must be an https address with "+tokenMark+" in it once; on this machine also http",
				"url: https://apply.example.com/#token="+tokenMark)
		}
	}
}

func usableFlowURL(text string) bool {
	at, err := url.Parse(strings.Replace(text, tokenMark, "x", 1))
	if err != nil || at.Host == "" || at.User != nil || strings.Count(text, tokenMark) != 1 || len(text) > 1000 {
		return false
	}
	if strings.Contains(at.Host, "x") && !strings.Contains(strings.SplitN(text, tokenMark, 2)[0], at.Host) {
		return false // the token is part of the host's name
	}
	return at.Scheme == "https" || at.Scheme == "http" && (at.Hostname() == "localhost" || at.Hostname() == "127.0.0.1")
}

// FlowURL is the address of the applicant's pages with their token; "" if the workflow does not state their address.
func (w *Workflow) FlowURL(token string) string {
	text, _ := w.Flow["url"].(string)
	return strings.Replace(text, tokenMark, url.QueryEscape(token), 1)
}
