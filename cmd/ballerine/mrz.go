package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of documents
	_ "image/png"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/docscan"
	"ballerine/internal/mrz"
	"ballerine/internal/problem"
)

func mrzCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mrz", Short: "Read machine-readable zones of travel documents"}
	cmd.AddCommand(&cobra.Command{
		Use: "read IMAGE...", Short: "Read the machine-readable zone of each picture (JPEG or PNG)",
		Long: "Finds the machine-readable zone (ICAO 9303: TD1, TD2, TD3) in each picture and prints its lines and fields. A zone whose check digits do not agree, or that is " +
			"not certain enough to be relied on, is marked. Nothing is sent anywhere, and nothing is stored.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				if err := readZone(cmd, name); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return cmd
}

// zoneRead is what is printed for a picture. Format is null, and the lists are empty, where there is no zone that can be read.
type zoneRead struct {
	File        string            `json:"file"`
	Format      *mrz.Format       `json:"format"`
	Lines       []string          `json:"lines"`
	Confidence  float64           `json:"confidence"`
	CheckDigits bool              `json:"check_digits"`
	Fields      map[string]string `json:"fields"`
}

func readZone(cmd *cobra.Command, name string) error {
	file, err := readFile(cmd, name)
	if err != nil {
		return err
	}
	if pixels := docscan.Pixels(file); pixels <= 0 || pixels > docscan.MaxPixels {
		return problem.New(problem.Invalid, "%s: this is no picture that can be read: JPEG or PNG, at most %d million pixels.", name, docscan.MaxPixels/1_000_000)
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return problem.Wrap(err, problem.Invalid, "%s: the picture is damaged, or it is neither JPEG nor PNG.", name)
	}
	result := zoneRead{File: name, Lines: []string{}, Fields: map[string]string{}}
	if reading, ok := mrz.Read(picture); ok {
		result.Format, result.Lines, result.Confidence, result.CheckDigits = &reading.Format, reading.Lines, reading.Confidence, reading.CheckDigits
		if zone, err := docscan.ReadMRZ(strings.Join(reading.Lines, "\n")); err == nil {
			result.Fields = zoneFields(zone, time.Now())
		}
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(result)
	}
	return printZone(cmd.OutOrStdout(), result)
}

// zoneFields are the contents of a zone. Dates whose parts are unknown are left out.
func zoneFields(z docscan.MRZ, now time.Time) map[string]string {
	fields := map[string]string{
		"document_code": z.DocumentCode, "issuing_state": z.IssuingState, "document_number": z.DocumentNumber, "nationality": z.Nationality, "sex": z.Sex,
		"surname": z.Surname, "given_names": z.GivenNames, "optional": z.Optional, "optional2": z.Optional2,
	}
	if day, ok := z.BirthDate(now); ok {
		fields["birth_date"] = day.Format(time.DateOnly)
	}
	if day, ok := z.ExpiryDate(now); ok {
		fields["expiry_date"] = day.Format(time.DateOnly)
	}
	maps.DeleteFunc(fields, func(_, value string) bool { return value == "" })
	return fields
}

func printZone(out io.Writer, z zoneRead) error {
	if z.Format == nil {
		_, err := fmt.Fprintf(out, "%s: no zone that can be read\n", z.File)
		return err
	}
	relied := "check digits agree"
	if !z.CheckDigits {
		relied = "not to be relied on: check digits do not agree, or characters are not clear"
	}
	_, err := fmt.Fprintf(out, "%s: %s, %s, confidence %.2f\n    %s\n", z.File, *z.Format, relied, z.Confidence, strings.Join(z.Lines, "\n    "))
	return err
}
