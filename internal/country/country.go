// Package country knows how countries are written in addresses, in machine-readable zones and in telephone numbers.
package country

import "strings"

// Country is one country.
type Country struct {
	Three string // ISO 3166 alpha-3
	Code  string // of calls from abroad
	Trunk string // what stands before a number within the country, and not after its code
}

// Of returns the country with an ISO 3166 alpha-2 code in capitals.
func Of(two string) (Country, bool) {
	found, ok := countries[two]
	return found, ok
}

// Two returns the ISO 3166 alpha-2 code of a country that is written as alpha-2 or alpha-3, in capitals or not; "" when it is
// neither. XK, which ISO leaves to its users, is Kosovo.
func Two(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if _, ok := countries[code]; ok {
		return code
	}
	if _, ok := territories[code]; ok {
		return code
	}
	return twos[code]
}

// Three returns a country's code in three letters, as machine-readable zones have it; what is not known stays as it is.
func Three(code string) string {
	code = strings.ToUpper(strings.Trim(code, " <"))
	switch code { // as documents of these countries have them
	case "D":
		return "DEU"
	case "RKS":
		return "XKX"
	}
	for _, table := range []map[string]Country{countries, territories} {
		if known, ok := table[code]; ok {
			return known.Three
		}
	}
	return code
}

// countries by ISO 3166 alpha-2, and these by alpha-3.
var (
	countries = read(`AD AND 376|AE ARE 971 0|AF AFG 93 0|AG ATG 1 1|AI AIA 1 1|AL ALB 355 0|AM ARM 374 0|AO AGO 244|AR ARG 54 0|AS ASM 1 1|AT AUT 43 0|` +
		`AU AUS 61 0|AW ABW 297|AX ALA 358 0|AZ AZE 994 0|BA BIH 387 0|BB BRB 1 1|BD BGD 880 0|BE BEL 32 0|BF BFA 226|BG BGR 359 0|BH BHR 973|BI BDI 257|BJ BEN 229|` +
		`BM BMU 1 1|BN BRN 673|BO BOL 591 0|BR BRA 55 0|BS BHS 1 1|BT BTN 975|BW BWA 267|BY BLR 375 80|BZ BLZ 501|CA CAN 1 1|CD COD 243 0|CF CAF 236|CG COG 242|` +
		`CH CHE 41 0|CI CIV 225|CL CHL 56|CM CMR 237|CN CHN 86 0|CO COL 57|CR CRI 506|CU CUB 53 0|CV CPV 238|CW CUW 599|CY CYP 357|CZ CZE 420|DE DEU 49 0|` +
		`DJ DJI 253|DK DNK 45|DM DMA 1 1|DO DOM 1 1|DZ DZA 213 0|EC ECU 593 0|EE EST 372|EG EGY 20 0|ER ERI 291 0|ES ESP 34|ET ETH 251 0|FI FIN 358 0|FJ FJI 679|` +
		`FM FSM 691|FO FRO 298|FR FRA 33 0|GA GAB 241|GB GBR 44 0|GD GRD 1 1|GE GEO 995 0|GF GUF 594 0|GG GGY 44 0|GH GHA 233 0|GI GIB 350|GL GRL 299|GM GMB 220|` +
		`GN GIN 224|GP GLP 590 0|GQ GNQ 240|GR GRC 30|GT GTM 502|GU GUM 1 1|GW GNB 245|GY GUY 592|HK HKG 852|HN HND 504|HR HRV 385 0|HT HTI 509|HU HUN 36 06|` +
		`ID IDN 62 0|IE IRL 353 0|IL ISR 972 0|IM IMN 44 0|IN IND 91 0|IQ IRQ 964 0|IR IRN 98 0|IS ISL 354|IT ITA 39|JE JEY 44 0|JM JAM 1 1|JO JOR 962 0|JP JPN 81 0|` +
		`KE KEN 254 0|KG KGZ 996 0|KH KHM 855 0|KI KIR 686|KM COM 269|KN KNA 1 1|KP PRK 850 0|KR KOR 82 0|KW KWT 965|KY CYM 1 1|KZ KAZ 7 8|LA LAO 856 0|LB LBN 961 0|` +
		`LC LCA 1 1|LI LIE 423|LK LKA 94 0|LR LBR 231 0|LS LSO 266|LT LTU 370 0|LU LUX 352|LV LVA 371|LY LBY 218 0|MA MAR 212 0|MC MCO 377|MD MDA 373 0|ME MNE 382 0|` +
		`MG MDG 261 0|MH MHL 692 1|MK MKD 389 0|ML MLI 223|MM MMR 95 0|MN MNG 976 0|MO MAC 853|MP MNP 1 1|MQ MTQ 596 0|MR MRT 222|MS MSR 1 1|MT MLT 356|MU MUS 230|MV MDV 960|` +
		`MW MWI 265 0|MX MEX 52|MY MYS 60 0|MZ MOZ 258|NA NAM 264 0|NC NCL 687|NE NER 227|NG NGA 234 0|NI NIC 505|NL NLD 31 0|NO NOR 47|NP NPL 977 0|NR NRU 674|` +
		`NZ NZL 64 0|OM OMN 968|PA PAN 507|PE PER 51 0|PF PYF 689|PG PNG 675|PH PHL 63 0|PK PAK 92 0|PL POL 48|PR PRI 1 1|PS PSE 970 0|PT PRT 351|PW PLW 680|` +
		`PY PRY 595 0|QA QAT 974|RE REU 262 0|RO ROU 40 0|RS SRB 381 0|RU RUS 7 8|RW RWA 250 0|SA SAU 966 0|SB SLB 677|SC SYC 248|SD SDN 249 0|SE SWE 46 0|SG SGP 65|` +
		`SI SVN 386 0|SK SVK 421 0|SL SLE 232 0|SM SMR 378|SN SEN 221|SO SOM 252 0|SR SUR 597 0|SS SSD 211 0|ST STP 239|SV SLV 503|SX SXM 1 1|SY SYR 963 0|SZ SWZ 268|` +
		`TC TCA 1 1|TD TCD 235|TG TGO 228|TH THA 66 0|TJ TJK 992|TL TLS 670|TM TKM 993 8|TN TUN 216|TO TON 676|TR TUR 90 0|TT TTO 1 1|TV TUV 688|TW TWN 886 0|` +
		`TZ TZA 255 0|UA UKR 380 0|UG UGA 256 0|US USA 1 1|UY URY 598 0|UZ UZB 998|VA VAT 39|VC VCT 1 1|VE VEN 58 0|VG VGB 1 1|VI VIR 1 1|VN VNM 84 0|VU VUT 678|` +
		`WS WSM 685|XK XKX 383 0|YE YEM 967 0|YT MYT 262 0|ZA ZAF 27 0|ZM ZMB 260 0|ZW ZWE 263 0`)
	// territories are those of ISO 3166 that are not among countries.
	territories = read(`AQ ATA|BL BLM|BQ BES|BV BVT|CC CCK|CK COK|CX CXR|EH ESH|FK FLK|GS SGS|HM HMD|IO IOT|MF MAF|NF NFK|NU NIU|PM SPM|PN PCN|SH SHN|SJ SJM|TF ATF|TK TKL|` +
		`UM UMI|WF WLF`)
	twos = byThree()
)

func read(table string) map[string]Country {
	found := map[string]Country{}
	for line := range strings.SplitSeq(table, "|") {
		parts := append(strings.Fields(line), "", "")
		found[parts[0]] = Country{parts[1], parts[2], parts[3]}
	}
	return found
}

func byThree() map[string]string {
	found := make(map[string]string, len(countries)+len(territories))
	for _, table := range []map[string]Country{countries, territories} {
		for two, c := range table {
			found[c.Three] = two
		}
	}
	return found
}
