package names

import (
	"strconv"
	"strings"
)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		all[w] = true
	}
	return all
}

// groups reads lines of interchangeable words: for each word, the numbers of its lines.
func groups(lines string) map[string][]uint16 {
	all := map[string][]uint16{}
	n := uint16(0)
	for line := range strings.Lines(lines) {
		n++
		for w := range strings.FieldsSeq(line) {
			all[w] = append(all[w], n)
		}
	}
	return all
}

// titles precede or follow a person's name and do not distinguish people.
var titles = set(`mr mrs ms miss mx dr prof professor doctor sir dame lord lady madam madame monsieur mademoiselle herr frau senor senora don dona
	sheikh shaikh shaykh sheik cheikh haji hajji hadji hajj mullah mulla mawlawi maulavi molvi moulvi maulana mawlana qari sayyid sayed syed seyed
	sayyed imam ayatollah hojjatoleslam general gen colonel col major maj captain capt lieutenant lt brigadier admiral commander sergeant jr sr esq phd md
	his her excellency honourable honorable hon president minister comrade ing engr eng engineer`)

// particles join the parts of a person's name.
var particles = set(`al bin bint abu umm abi ould wuld de da do dos das del della di du le la les van von der den ter ten zu zum zur af av y e i na wa
	st san santa und et saint ait ou`)

// variants are spellings and short forms of one name that are too far apart for a count of letters. A name may be in
// several lines: Ted is short for Edward and for Theodore.
var variants = groups(`al el ul ur ud uz us ad as an at ash ar az
	bin ben ibn bn
	bint binti
	abu abou
	abd abdul abdel abdal abdol abdoul
	muhammad mohammed mohamed mohammad muhammed mohamad muhamad mohamud mohamoud maxamed mehmet mehmed mahomet mohd md magomed mohammod muhammadu
	ahmad ahmed achmed akhmed ahmet axmed
	hussein husayn hussain husain hosein hossein hussien huseyin husein hocine houcine khusein
	hasan hassan hassane
	usama osama oussama usamah
	umar omar oumar omer
	uthman othman osman usman ousmane
	yusuf yousef youssef yusef yousuf yousif yosef josef joseph jose giuseppe iosif yossef
	ibrahim ebrahim abraham ibrahima brahim ibragim
	ismail ismael esmail ishmael
	sulayman suleiman sulaiman soleiman souleymane souleman suleyman soliman
	said saeed sayeed saied
	khalid khaled khalil
	abdallah abdullah abdulla abdulah abdoullah cabdullaahi cabdullaahi abdullahi abdoulaye
	abdulrahman abdurrahman abdurahman abderrahmane abdelrahman abdulrehman
	ali aly alli
	aleksandr alexander alexandr aleksander alexandre alessandro alejandro aliaksandr oleksandr aleksandar alexandros iskander alex aljaksandr
	sergei sergey sergej serguei sergi serhiy siarhei sergio serge sergejs
	dmitri dmitry dmitriy dmitrij dimitri dzmitry dmytro
	yuri yury yuriy iurii juri jurij
	andrei andrey andrej andriy andrzej andrew andreas andres andre
	mikhail michael mikhael mihail mykhailo michail miguel michel mike mihai mikael
	nikolai nikolay nikolaj mykola nicholas nicolas nick nicola
	vladimir wladimir volodymyr wolodymyr uladzimir vladimirs
	yevgeny evgeny yevgeniy evgeniy evgeni eugene yevgenii
	pavel pavlo paul pablo paolo pawel
	piotr pyotr petr petro peter pierre pedro pietro
	ivan john jean juan johann johannes joao jan ioan ion giovanni ioannis
	georgi georgy george georges jorge giorgio yuriy heorhiy jorg jerzy giorgi
	stepan stephen steven stefan stephan esteban stephane stefano steve
	yakov jacob james jakob jacques iakov yaqub yaqoub yakub yaqoob jaime jim
	william wilhelm guillaume guillermo bill billy will vilhelm willem
	robert bob bobby rob roberto
	richard dick rick ricardo riccardo
	charles charlie karl carlos carlo carl karel
	edward ted eduard eduardo eddie ed edouard
	theodore theodor teodor fyodor fedor ted teddy
	thomas tom tommy tomas tommaso
	benjamin ben benny binyamin
	anthony tony antonio anton antoine antonius
	daniel dan danny daniil danilo
	david dave dawud daud dawood davud davide
	matthew matt mathieu matteo matthias mateo
	christopher chris christophe cristobal kristof
	joshua josh
	samuel sam sami
	elizabeth liz beth elisabeth elisabetta yelizaveta
	katherine kate catherine katharina ekaterina katarzyna caterina
	margaret maggie margarita marguerite margaretha
	frederick fred frederic fredric frederik
	friedrich fridrich fredrich
	lawrence larry laurence lorenzo
	ronald ron ronnie
	gregory greg grigory grigori grigoriy
	leonid leonard leonardo len
	jong chong jeong cheong
	jae chae
	chol cheol chul
	su soo
	un eun
	hyok hyeok hyuk
	ho
	guk kuk gug gook
	sok seok suk
	yong yeong young
	hyon hyun hyeon
	hyong hyeong
	song sung seong
	kim gim
	ri lee yi rhee i
	pak park bag bak
	paek baek baeg
	choe choi
	jang chang
	xi hsi
	jinping chinping
	jin chin
	zedong tsetung
	ze tse
	dong tung
	zhou chou
	deng teng
	jiang chiang
	qiang chiang
	haqqani haqani
	zelensky zelenskyy selenskyj zelenskiy zelenskyi zelenskij
`)

// phrases of several words that mean a legal form; the last word of a line is its short form.
var phrases = func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(`limited liability company llc
limited liability partnership llp
limited partnership lp
private limited ltd
proprietary limited ltd
pty ltd ltd
pte ltd ltd
public limited company plc
public joint stock company jsc
open joint stock company jsc
closed joint stock company jsc
joint stock company jsc
sp z oo spzoo
sp zoo spzoo
spolka z ograniczona odpowiedzialnoscia spzoo
gesellschaft mit beschrankter haftung gmbh
societa per azioni spa
societa a responsabilita limitata srl
societe anonyme sa
societe a responsabilite limitee sarl
sociedad anonima sa
sociedad limitada sl
societatea cu raspundere limitata srl
naamloze vennootschap nv
besloten vennootschap bv
obshchestvo s ogranichennoi otvetstvennostiu llc
obshchestvo s ogranichennoi otvetstvennostyu llc
obshchestvo s ogranichennoj otvetstvennostyu llc
obshchestvo s ogranichennoi otvetstvennostiu llc
otkrytoe aktsionernoe obshchestvo jsc
publichnoe aktsionernoe obshchestvo jsc
zakrytoe aktsionernoe obshchestvo jsc
aktsionernoe obshchestvo jsc
`) {
		words := strings.Fields(line)
		if len(words) > 1 {
			all[strings.Join(words[:len(words)-1], " ")] = words[len(words)-1]
		}
	}
	return all
}()

// forms are legal forms, and words that mean no more than one.
var forms = set(`llc llp lp ltd limited plc inc incorporated corp corporation co company companies jsc ojsc cjsc pjsc oao ooo zao pao ao too oy oyj ab as asa
	aps a/s gmbh ag kg kgaa ohg ug se sa sas sarl sl slu srl spa sca nv bv bvba spzoo zoo kft zrt doo dd ad ead eood ood tov vat pte pty fze fzco fzc llp lda ltda
	aktiengesellschaft aktiengeselschaft gesellschaft sdn bhd kk kabushiki kaisha pvt private tbk pt cv sae saog wll bsc the and of for`)

// trades are words that many organizations have in their names.
var trades = set(`international group holding holdings management services service systems solutions industries industry industrial trading trade trust
	bank banking capital partners fund investment investments enterprises enterprise global general technology technologies tech engineering construction
	development foundation organization organisation association institute center centre national state europe european america american asia asian africa
	african world worldwide import export shipping marine maritime logistics transport energy oil gas petroleum finance financial insurance securities`)

var units = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen`)

var tens = map[string]int{"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

var numbers = func() map[string]int {
	all := map[string]int{}
	for n, w := range units {
		all[w] = n
	}
	for w, n := range tens {
		all[w] = n
	}
	return all
}()

// spelled writes numbers that are spelled out in digits: Forty-Four, and forty 4, are 44.
func spelled(words []string) []string {
	all := make([]string, 0, len(words))
	for i := 0; i < len(words); i++ {
		n, known := numbers[strings.ToLower(words[i])]
		if !known {
			all = append(all, words[i])
			continue
		}
		if i+1 < len(words) && n >= 20 {
			unit, known := numbers[strings.ToLower(words[i+1])]
			if digit, err := strconv.Atoi(words[i+1]); err == nil && len(words[i+1]) == 1 {
				unit, known = digit, true
			}
			if known && unit > 0 && unit < 10 {
				n += unit
				i++
			}
		}
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// longest is the number of words in the longest phrase.
var longest = func() int {
	most := 0
	for phrase := range phrases {
		most = max(most, strings.Count(phrase, " ")+1)
	}
	return most
}()

// shorten writes legal forms of several words as their short form.
func shorten(tokens []Token) []Token {
	all := make([]Token, 0, len(tokens))
	for i := 0; i < len(tokens); i++ {
		short, words := phrase(tokens[i:])
		if words == 0 {
			all = append(all, tokens[i])
			continue
		}
		t := Token{Text: short, Latin: short, voiced: true}
		t.finish()
		all = append(all, t)
		i += words - 1
	}
	return all
}

// phrase finds the longest phrase at the beginning of the tokens, and how many of them it takes.
func phrase(tokens []Token) (short string, words int) {
	var b strings.Builder
	for i := 0; i < len(tokens) && i < longest; i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(tokens[i].Latin)
		if s, ok := phrases[b.String()]; ok {
			short, words = s, i+1
		}
	}
	return short, words
}
