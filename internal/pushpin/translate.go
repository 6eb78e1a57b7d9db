package pushpin

// Translation is a configuration of Holdfast.
type Translation struct {
	// YAML is its text. Without routes, which Routes tells, Holdfast refuses
	// it, but it may still be of use.
	YAML   []byte
	Routes int
	// Notes are what was not carried over, by file and line.
	Notes []Note
}

// translation is one under way.
type translation struct {
	doc   document
	notes []Note // but for those of routes that are written

	// What settings say that concerns more than one key.
	routesFile         string
	portOffset         int
	controlHost        string
	controlPort        int
	controlLine        int
	debug, crossOrigin bool
	pull, sub          []Setting // each with one endpoint
	subConnects        bool

	seen, names map[string]int // of routes: what they take and are called, and where
}

// Translate says in Holdfast's words what the settings and routes say. The
// error is one of the YAML encoder's.
func Translate(s *Settings, r *Routes) (*Translation, error) {
	t := &translation{
		routesFile:  r.File,
		controlHost: "127.0.0.1",
		controlPort: defaultControlPort,
		seen:        map[string]int{},
		names:       map[string]int{},
	}
	t.settings(s)
	for _, route := range r.All {
		t.route(route)
	}
	t.notes = append(append(t.notes, s.Notes...), r.Notes...)
	sortNotes(t.notes, s.File, r.File)
	yaml, err := t.doc.write(t.notes)
	if err != nil {
		return nil, err
	}
	all := t.notes
	for _, route := range t.doc.Routes {
		all = append(all, route.notes...)
	}
	sortNotes(all, s.File, r.File)
	return &Translation{YAML: yaml, Routes: len(t.doc.Routes), Notes: all}, nil
}

// settings translates a pushpin.conf. Of a setting that is there twice the last
// one counts, as in Pushpin.
func (t *translation) settings(s *Settings) {
	last := map[string]int{}
	for _, setting := range s.All {
		last[setting.name()] = setting.Line
	}
	rules := t.rules()
	for _, setting := range s.All {
		if last[setting.name()] != setting.Line {
			continue
		}
		rule, known := rules[setting.name()]
		lost := "is not known"
		if known {
			lost = rule(setting)
		}
		if lost != "" {
			t.notes = append(t.notes, Note{s.File, setting.Line, setting.name() + " " + lost})
		}
	}
	t.controlAddress(s.File)
	t.zeroMQ(s.File)
}
