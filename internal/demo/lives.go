package demo

import (
	"slices"
	"time"

	"ballerine/internal/calendar"
	"ballerine/internal/demo/specimen"
	"ballerine/internal/local/sandbox"
)

// Cast is what the sandbox vendors know of the demo cases' people.
func Cast() map[string]sandbox.Part {
	cast := map[string]sandbox.Part{}
	add := func(given, family string, part sandbox.Part) {
		if part != (sandbox.Part{}) {
			cast[given+" "+family] = part
		}
	}
	for _, l := range lives() {
		add(l.given, l.family, l.part)
		for _, o := range l.owners {
			add(o.given, o.family, o.part)
		}
	}
	return cast
}

// seen are the scores of people about whom the identity check has no doubt.
func seen(score float64) sandbox.Part { return sandbox.Part{Score: score} }

func failed(score float64) sandbox.Part { return sandbox.Part{Status: "failed", Score: score} }

func doubted(score float64) sandbox.Part { return sandbox.Part{Status: "review", Score: score} }

// minor is the birthday of a person of that age.
func minor(years int) string {
	return calendar.AddDays(calendar.AddMonths(time.Now().UTC(), -12*years-5), -3).Format(time.DateOnly)
}

func expired(days int) func(*specimen.Person, time.Time) {
	return func(p *specimen.Person, now time.Time) { p.Expires = calendar.AddDays(now, -days) }
}

func bornAs(date string) func(*specimen.Person, time.Time) {
	return func(p *specimen.Person, _ time.Time) {
		born, err := time.Parse(time.DateOnly, date)
		if err != nil {
			panic("demo case: " + err.Error())
		}
		p.Born = born
	}
}

func namedAs(given, family string) func(*specimen.Person, time.Time) {
	return func(p *specimen.Person, _ time.Time) { p.Given, p.Family = given, family }
}

// lives are all demo cases, in the order of their external ids.
func lives() []*life {
	var all []*life
	for _, part := range [][]*life{waiting(), underWay(), toDecide(), escalatedLives(), passed(), approvedLives(), rejectedLives(), companies()} {
		all = append(all, part...)
	}
	return all
}

// toDecide are in review. The first is the newest, and what a reviewer sees first: it is complete, and one thing is wrong.
func toDecide() []*life {
	return []*life{
		someone("Sofie", "Lindqvist", "F", "SE", "1994-02-07").passport(bornAs("1994-07-02")).vendor(seen(0.96)).
			applies(27*minute, 15*minute, passport(asItIs), selfie(asItIs), letter()),
		someone("Ingrid", "Solberg", "F", "NO", "1992-07-21").passport(expired(23)).vendor(seen(0.95)).
			applies(2*hour+11*minute, 18*minute, passport(asItIs), selfie(asItIs)),
		someone("Tomás", "Quintela", "M", "PT", "1969-05-30").vendor(seen(0.97)).
			applies(5*hour+40*minute, 22*minute, passport(asItIs), selfie(asItIs), letter()),
		someone("Maeve", "O'Halloran", "F", "IE", "1986-11-19").vendor(failed(0.21)).
			applies(9*hour+25*minute, 31*minute, passport(asItIs), selfie(somebody), letter()),
		someone("Jürgen", "Weißmüller", "M", "AT", "1958-01-03").vendor(doubted(0.58)).
			applies(20*hour, 44*minute, passport(blurred), selfie(asItIs)),
		someone("ليلى", "الحداد", "F", "JO", "1990-10-12").romanised("Layla", "Alhaddad").vendor(doubted(0.61)).
			applies(26*hour+10*minute, 37*minute, passport(asItIs), selfie(asItIs), letter()).
			notes(22*hour, mara, "Name is declared in Arabic script, the passport has the transliteration. The vendor cannot compare the two; please do it by eye."),
		someone("Maximiliana Theodora", "von Wolkenfels-Hohenrechtberg zu Sonnenbruck-Trautental", "F", "DE", "1977-08-08").
			passport(expired(4)).applies(30*hour, 52*minute, passport(tilted), selfie(asItIs), letter()),
		someone("Rashid", "Tanoli", "M", "YE", "1983-03-28").vendor(seen(0.93)).
			applies(43*hour+20*minute, 29*minute, passport(asItIs), selfie(asItIs)).
			assigned(36*hour, mara, rita).looks(8*hour, rita, "passport").
			notes(7*hour+50*minute, rita, "Lives in Yemen, employer is a relief organisation. Asked compliance whether the sector exemption covers this account."),
		someone("Nikolai", "Pavlensky", "M", "BG", "1971-12-05").
			vendor(seen(0.97)).
			applies(45*hour+35*minute, 26*minute, passport(asItIs), selfie(asItIs), letter()).
			takes(30*hour, rita).looks(29*hour, rita, "passport").
			notes(28*hour+40*minute, rita, "Birth year, patronymic and country fit the first entry. Waiting for the identifying details from the issuer before I decide."),
		someone("Callum", "Strathearn", "M", "GB", "1995-04-16").vendor(seen(0.9)).
			applies(46*hour+50*minute, 19*minute, passport(misread), selfie(asItIs)).
			takes(20*hour, robin),
		someone("Agnieszka", "Żółkowska", "F", "PL", "1990-12-24").passport(namedAs("Agnieszka", "Bielawa")).vendor(seen(0.88)).
			applies(47*hour+15*minute, 24*minute, passport(asItIs), selfie(asItIs), letter()),
		someone("Konstantin", "Wallner", "M", "AT", "1961-03-30").vendor(doubted(0.54)).
			applies(46*hour+10*minute, 3*hour, slices.Concat([]*file{passport(blurred), passport(asItIs), selfie(asItIs), {kind: "proof_of_address", style: lengthy}}, letters(26))...).
			notes(20*hour, mara, "Sent a bill for each month of more than two years, and one of 40 pages. One of the last three months is enough."),
		someone("Astrid", "Thorvaldsen", "F", "DK", "1979-06-18").passport(expired(61)).vendor(seen(0.94)).
			applies(40*hour, 16*minute, passport(asItIs), selfie(asItIs)).
			takes(10*minute, robin).as(claimedCase),
		someone("Dario", "Fontanella", "M", "IT", "1966-09-17").from("Dario.Fontanella@example.org").passport(expired(340)).
			vendor(seen(0.97)).
			applies(3*day+2*hour, 33*minute, passport(sideways), selfie(asItIs)),
		someone("Chinedu", "Okonjo-Adebayo", "M", "NG", "1985-01-30").vendor(doubted(0.49)).
			applies(3*day+20*hour, 40*minute, passport(broken), selfie(asItIs), letter()).
			takes(3*day, robin).notes(2*day+22*hour, robin, "The passport does not open on my machine, nor in the browser. The selfie is fine."),
		someone("Yuki", "Hoshikawa", "F", "JP", "1996-04-04").vendor(seen(0.97)).
			listsAway(4*day+6*hour-20*minute).applies(4*day+6*hour, 21*minute, passport(asItIs), selfie(asItIs)).listsBack(4*day+5*hour).
			assigned(4*day, mara, rita).
			notes(3*day+21*hour, rita, "The watch lists could not be read that morning, so nobody was looked for. Not approving before it has been screened again."),
	}
}

// escalatedLives are cases that have been waiting for a decision for days.
func escalatedLives() []*life {
	return []*life{
		someone("Bartholomew", "Achterberg", "M", "NL", "1949-02-11").vendor(failed(0.34)).
			applies(6*day+3*hour, 58*minute, passport(asItIs), selfie(asItIs), letter()).
			takes(5*day+20*hour, rita).
			notes(5*day+19*hour, rita, "Twenty years between the passport photo and the selfie. I think it is him, but I would like a second opinion.").
			notes(2*day, mara, "@Robin Reviewer, could you have a look at this one today? 🙏 He has called support twice.", robin).
			notes(3*hour, robin, "@Rita Reviewer I agree with you: same scar above the left eye. Yours again.", rita),
		someone("Esperanza", "Villalobos Núñez", "F", "ES", "1981-06-26").vendor(seen(0.97)).
			applies(7*day+8*hour, 23*minute, passport(asItIs), selfie(asItIs)).
			takes(day+6*hour, rita).escalates(day+5*hour, rita, "Possibly a deputy minister until 2023. Beyond what I may decide alone."),
		someone("Kwabena", "Asante-Mills", "M", "ML", "1992-09-09").vendor(doubted(0.52)).
			applies(9*day+1*hour, 47*minute, passport(tilted), selfie(asItIs), letter()).
			takes(8*day, robin).looks(8*day-2*minute, robin, "proof_of_address").
			notes(7*day+23*hour, robin, "Lives abroad since spring, the letter still has the old address.").
			snoozes(4*hour, 3*day, robin),
		someone("Þórunn", "Ægisdóttir", "F", "IS", "1973-05-14").passport(bornAs("1973-05-19")).
			applies(11*day+4*hour, 35*minute, passport(asItIs), selfie(asItIs)),
	}
}

// waiting are with the applicant.
func waiting() []*life {
	return []*life{
		someone("Lena", "Brandt", "F", "DE", "1988-03-14").registers(8 * minute),
		someone("Mateo", "Silveira", "M", "PT", "1979-11-02").registers(3 * hour).writes(3*hour - 6*minute),
		someone("Clara", "Duvallier", "F", "FR", "1999-10-10").registers(22*hour).writes(22*hour-4*minute).
			uploads(21*hour+40*minute, passport(asItIs)),
		someone("Noah", "Aeschlimann", "M", "CH", "1975-02-28").registers(2*day+5*hour).writes(2*day+5*hour-9*minute).
			uploads(2*day+4*hour, passport(notSent)),
		someone("Petra", "Novotná", "F", "CZ", "1984-07-07").registers(5 * day).writes(5*day - 3*minute),
		someone("Olumide", "Fasanya", "M", "NG", "1993-08-22").registers(10*day).writes(10*day-12*minute).
			uploads(9*day+23*hour, passport(asItIs), selfie(asItIs)).
			notes(2*day, mara, "Started but never sent. Reminder went out by e-mail."),
		someone("Ivana", "Đurić", "F", "HR", "1968-12-01").vendor(seen(0.92)).
			applies(6*day, 28*minute, passport(blurred), selfie(asItIs)).
			takes(5*day, rita).looks(5*day-1*minute, rita, "passport").
			revisionRequested(5*day-3*minute, rita, "passport", "blurred", "Thank you, almost done. We cannot read the two lines at the bottom of your passport. Please photograph the page again, flat and in daylight."),
		someone("Henrik", "Bjørnstad", "M", "DK", "1957-10-20").passport(expired(190)).
			applies(4*day, 17*minute, passport(asItIs), selfie(asItIs)).
			revisionRequested(3*day, robin, "passport", "expired", "Your passport has expired. Please send us a valid one, or your identity card."),
		someone("Anaïs", "Lefebvre-Moreau", "F", "BE", "1991-01-25").registers(13*day + 15*hour).writes(13*day + 14*hour),
	}
}

// underWay are being checked: the vendor has not called back, or something technical went wrong.
func underWay() []*life {
	return []*life{
		someone("Szymon", "Nowicki", "M", "PL", "1983-08-08").vendor(sandbox.Part{Score: 0.94, Callback: 26 * hour}).
			applies(1*hour+5*minute, 12*minute, passport(asItIs), selfie(asItIs)),
		someone("Farida", "Rahimova", "F", "UZ", "1998-03-03").vendor(sandbox.Part{Score: 0.91, Callback: 40 * hour}).
			applies(14*hour, 20*minute, passport(asItIs), letter()),
		someone("Gustavo", "Peralta", "M", "AR", "1976-04-27").registers(19*hour).writes(19*hour-8*minute).
			uploads(19*hour-10*minute, passport(asItIs), selfie(asItIs), letter()).outage(18*hour+31*minute).submits(18*hour+30*minute).
			notes(17*hour, mara, "Storage did not answer for an hour last night, so the document check gave up. Operations say it is back: retry the incident."),
	}
}

// passed have ended without a decision. Sofie and Nikolai have come back since: their open cases are about the same subjects.
func passed() []*life {
	return []*life{
		someone("Sofie", "Lindqvist", "F", "SE", "1994-02-07").registers(26 * day).writes(26*day - 3*minute),
		someone("Nikolai", "Pavlensky", "M", "BG", "1971-12-05").registers(23*day).writes(23*day-6*minute).
			calledOff(22*day, mara, "Applicant did not want to send a passport. May come back."),
		someone("Stellan", "Åkerblom", "M", "SE", "1989-09-29").registers(17 * day).writes(17*day - 5*minute),
		someone("Giulia", "Marangoni", "F", "IT", "2001-02-18").registers(21*day).writes(21*day-7*minute).uploads(20*day, passport(asItIs)),
		someone("Desmond", "Whitlock", "M", "GB", "1962-06-06").registers(28 * day),
		someone("Zsófia", "Erdélyi", "F", "HU", "1987-05-05").vendor(seen(0.9)).passport(expired(75)).
			applies(29*day, 15*minute, passport(asItIs), selfie(asItIs)).takes(28*day, robin).
			revisionRequested(28*day-4*minute, robin, "passport", "expired", "The passport that you sent expired some weeks ago. Please send a valid one."),
		someone("Aleksi", "Kuusinen", "M", "FI", "1994-11-11").from("dario.fontanella@example.org").registers(12*day).writes(12*day-4*minute).
			calledOff(10*day, mara, "Duplicate: the applicant has opened a second account with the same address."),
		someone("Nadia", "Benkirane", "F", "MA", "1980-08-15").vendor(doubted(0.5)).
			applies(8*day, 42*minute, passport(tilted), selfie(asItIs)).takes(7*day+3*hour, rita).
			calledOff(7*day, rita, "Applicant asked by phone to withdraw and to delete what can be deleted."),
		someone("Kofi", "Mensah-Tetteh", "M", "GH", "1990-02-02").registers(4*day+10*hour).
			calledOff(3*day, mara, "Opened by mistake in the branch."),
	}
}

// approvedLives are approved: most by the rules, some by a person.
func approvedLives() []*life {
	auto := func(ago, takes time.Duration, score float64, l *life, more ...*file) *life {
		return l.vendor(seen(score)).applies(ago, takes, append([]*file{passport(asItIs)}, more...)...)
	}
	return []*life{
		auto(35*minute, 11*minute, 0.98, someone("Emil", "Rosendahl", "M", "DK", "1990-03-09"), selfie(asItIs)),
		auto(4*hour, 16*minute, 0.97, someone("Beatriz", "Carvalhal", "F", "BR", "1985-12-12"), selfie(asItIs), letter()),
		auto(28*hour, 13*minute, 0.99, someone("Oisín", "Mac Giolla", "M", "IE", "1978-07-23")),
		auto(2*day+7*hour, 21*minute, 0.96, someone("Hanneke", "van der Westhuizen", "F", "NL", "1964-04-30"), selfie(asItIs)),
		auto(3*day+9*hour, 14*minute, 0.98, someone("Takeshi", "Morikage", "M", "JP", "1988-01-17"), selfie(asItIs)),
		auto(5*day+2*hour, 18*minute, 0.97, someone("Amara", "Nwachukwu", "F", "GB", "1997-06-21"), letter()),
		auto(7*day, 9*minute, 0.95, someone("Luka", "Kovačević", "M", "SI", "1992-10-05"), selfie(asItIs)),
		auto(9*day+6*hour, 25*minute, 0.99, someone("Marguerite", "Delacroisée", "F", "FR", "1951-11-08"), selfie(asItIs)),
		auto(11*day+12*hour, 17*minute, 0.98, someone("Priya", "Venkatanathan", "F", "IN", "1993-09-14"), selfie(asItIs)),
		auto(14*day+3*hour, 12*minute, 0.97, someone("Rasmus", "Øvergaard", "M", "NO", "1982-02-26")),
		auto(17*day+8*hour, 15*minute, 0.96, someone("Ioana", "Căprărescu", "F", "RO", "1990-05-18"), selfie(asItIs)),
		auto(20*day+1*hour, 20*minute, 0.98, someone("Felipe", "Arancibia", "M", "CL", "1974-08-31"), letter()),
		auto(23*day+5*hour, 10*minute, 0.99, someone("Wiebke", "Petersen-Thoms", "F", "DE", "1986-12-29"), selfie(asItIs)),
		someone("Min-jun", "Seo", "M", "KR", "1999-03-22").vendor(sandbox.Part{Score: 0.97, Fails: 2}).
			applies(26*day, 14*minute, passport(asItIs), selfie(asItIs)),
		someone("Eleni", "Papathoma", "F", "GR", "1979-07-07").vendor(sandbox.Part{Score: 0.98, Callback: 38 * minute}).
			applies(15*day+4*hour, 19*minute, passport(asItIs), selfie(asItIs)).answered(15*day + 4*hour - 19*minute - 39*minute),
		someone("Tariq", "Al-Masri Benali", "M", "AE", "1984-01-09").vendor(seen(0.97)).
			applies(2*day+20*hour, 24*minute, passport(asItIs), selfie(asItIs), letter()).takes(2*day, rita).looks(2*day-2*minute, rita, "passport").
			judges(2*day-4*minute, rita, "passport", "approved", "", "").
			approved(2*day-6*minute, rita, "false_positive", "List entry is six years older and from another country. Different person."),
		someone("Caoimhe", "Ní Bhriain", "F", "IE", "1995-12-30").vendor(doubted(0.57)).
			applies(4*day+4*hour, 27*minute, passport(asItIs), selfie(asItIs)).takes(3*day+5*hour, robin).
			approved(3*day+5*hour-9*minute, robin, "checked", "Selfie and passport are the same person; glasses confused the vendor."),
		someone("Radoslav", "Hristov", "M", "BG", "1965-03-01").vendor(seen(0.93)).passport(expired(30)).
			applies(9*day, 22*minute, passport(asItIs), selfie(asItIs)).takes(8*day+2*hour, rita).
			revisionRequested(8*day+2*hour-5*minute, rita, "passport", "expired", "Your passport expired last month. Do you have a new one already? Then please send its page with the photograph.").
			sendsAgain(6*day, passport(renewed)),
		someone("Signe", "Damgaard-Holm", "F", "DK", "1998-08-16").vendor(doubted(0.55)).
			applies(12*day, 30*minute, passport(blurred), selfie(asItIs)).takes(11*day+3*hour, rita).looks(11*day+3*hour-1*minute, rita, "passport").
			revisionRequested(11*day+3*hour-4*minute, rita, "passport", "blurred", "The picture of your passport is blurred. Please take it again with more light.").
			sendsAgain(10*day+6*hour, passport(asItIs)).looks(10*day, rita, "passport").
			judges(10*day-2*minute, rita, "passport", "approved", "", "Sharp now, zone reads clean.").
			approved(10*day-3*minute, rita, "checked", "Second picture is fine and matches the selfie."),
		someone("Viktor", "Dragomirov", "M", "EE", "1959-10-28").vendor(seen(0.97)).
			applies(18*day, 45*minute, passport(asItIs), selfie(asItIs), letter()).assigned(17*day+10*hour, mara, robin).
			notes(17*day, robin, "Former member of a town council until four years ago. Source of funds is his pension, statement is attached in the CRM.").
			approved(16*day+8*hour, mara, "enhanced_due_diligence", "Former local office, low exposure. Approved with yearly review."),
		someone("Leocadia", "Santamaría", "F", "MX", "1970-02-14").vendor(seen(0.94)).passport(bornAs("1970-02-15")).
			applies(22*day, 20*minute, passport(asItIs), selfie(asItIs)).takes(21*day, robin).
			approved(21*day-8*minute, robin, "checked", "One day off in the form, a slip. Everything else fits; confirmed by phone."),
		someone("Jean-Baptiste", "Nkurunziza-Leroy", "M", "CD", "1987-04-11").vendor(seen(0.92)).
			applies(25*day, 26*minute, passport(asItIs), selfie(asItIs), letter()).takes(24*day, rita).
			approved(23*day+12*hour, rita, "enhanced_due_diligence", "High-risk country of residence, salary account of an embassy employee. Documents checked by compliance."),
	}
}

// rejectedLives are rejected, by the rules or by a person.
func rejectedLives() []*life {
	return []*life{
		someone("Tom", "Youngblood", "M", "IE", minor(15)).applies(32*hour, 8*minute, passport(asItIs), selfie(asItIs)),
		someone("Mila", "Horáková", "F", "CZ", minor(17)).applies(19*day, 11*minute, passport(asItIs)),
		someone("Ruslan", "Chernenkov", "M", "CY", "1968-07-19").
			vendor(seen(0.97)).
			applies(3*day+12*hour, 34*minute, passport(asItIs), selfie(asItIs)).takes(2*day+20*hour, robin).
			notes(2*day+19*hour, robin, "Name, date of birth and country are those of the list entry. Reported to the money laundering officer.").
			rejected(2*day+18*hour, mara, "sanctions_match", "Confirmed match on two entries, report filed."),
		someone("Dorian", "Castellane", "M", "MC", "1991-05-23").vendor(failed(0.08)).
			applies(6*day+6*hour, 13*minute, passport(misread), selfie(somebody)).takes(5*day+9*hour, rita).looks(5*day+9*hour-1*minute, rita, "passport").
			judges(5*day+9*hour-5*minute, rita, "passport", "rejected", "not_genuine", "Check digit of the birth date is wrong, the letters are not aligned.").
			rejected(5*day+9*hour-7*minute, rita, "forged_document", "Altered passport, and the selfie shows somebody else."),
		someone("Ottilie", "Fensterbach", "F", "DE", "1983-11-30").vendor(failed(0.17)).
			applies(13*day, 25*minute, passport(asItIs), selfie(somebody)).takes(12*day+2*hour, robin).
			rejected(12*day, robin, "identity_not_confirmed", "Face does not match. The applicant sent a picture of her sister, as she says, and did not want to send another."),
		someone("Emeka", "Uzochukwu-Bright", "M", "ZA", "1972-09-04").vendor(seen(0.9)).passport(expired(900)).
			applies(24*day, 16*minute, passport(asItIs)).takes(23*day, rita).
			revisionRequested(23*day-3*minute, rita, "passport", "expired", "Your passport expired more than two years ago. Please send a valid document.").
			sendsAgain(22*day, passport(asItIs)).
			rejected(21*day+4*hour, rita, "no_answer", "Sent the same expired passport again, no reaction to two calls."),
		someone("Xiomara", "Belladonna-Cruz", "F", "PA", "1960-01-20").vendor(seen(0.97)).
			applies(27*day, 50*minute, passport(asItIs), selfie(asItIs), letter()).takes(26*day, mara).
			rejected(25*day+14*hour, mara, "outside_appetite", "Open proceedings in two countries, not a customer for us."),
	}
}
