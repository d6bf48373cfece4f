package flow

// industries are the sections of ISIC, revision 4 (and of NACE, revision 2, which has the same), which are asked where a definition has
// no options of its own.
var industries = []Option{
	industry("A", "Agriculture, forestry and fishing", "Land- und Forstwirtschaft, Fischerei"),
	industry("B", "Mining and quarrying", "Bergbau und Gewinnung von Steinen und Erden"),
	industry("C", "Manufacturing", "Verarbeitendes Gewerbe"),
	industry("D", "Electricity, gas, steam and air conditioning supply", "Energieversorgung"),
	industry("E", "Water supply, sewerage, waste management", "Wasserversorgung, Abwasser- und Abfallentsorgung"),
	industry("F", "Construction", "Baugewerbe"),
	industry("G", "Wholesale and retail trade, repair of motor vehicles", "Handel, Instandhaltung und Reparatur von Kraftfahrzeugen"),
	industry("H", "Transportation and storage", "Verkehr und Lagerei"),
	industry("I", "Accommodation and food service", "Gastgewerbe"),
	industry("J", "Information and communication", "Information und Kommunikation"),
	industry("K", "Financial and insurance activities", "Finanz- und Versicherungsdienstleistungen"),
	industry("L", "Real estate activities", "Grundstücks- und Wohnungswesen"),
	industry("M", "Professional, scientific and technical activities", "Freiberufliche, wissenschaftliche und technische Dienstleistungen"),
	industry("N", "Administrative and support services", "Sonstige wirtschaftliche Dienstleistungen"),
	industry("O", "Public administration and defence", "Öffentliche Verwaltung und Verteidigung"),
	industry("P", "Education", "Erziehung und Unterricht"),
	industry("Q", "Human health and social work", "Gesundheits- und Sozialwesen"),
	industry("R", "Arts, entertainment and recreation", "Kunst, Unterhaltung und Erholung"),
	industry("S", "Other services", "Sonstige Dienstleistungen"),
	industry("T", "Households as employers", "Private Haushalte mit Personal"),
	industry("U", "Extraterritorial organizations", "Exterritoriale Organisationen"),
}

func industry(code, en, de string) Option {
	return Option{Value: code, Title: Text{english: en, "de": de}}
}
