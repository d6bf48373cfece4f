package csvfile

import "strings"

// Append appends a record to a file: with commas, and a line feed as its end. A field is quoted where a reader with any
// separator would divide or trim it.
func Append(file []byte, fields ...string) []byte {
	for k, text := range fields {
		if k > 0 {
			file = append(file, ',')
		}
		if !strings.ContainsAny(text, ",;\"\t\r\n") && strings.TrimSpace(text) == text {
			file = append(file, text...)
			continue
		}
		file = append(file, '"')
		file = append(file, strings.ReplaceAll(text, `"`, `""`)...)
		file = append(file, '"')
	}
	return append(file, '\n')
}
