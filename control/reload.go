package control

import (
	"errors"
	"net/http"
	"strings"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// reloaded is the JSON answer of POST /reload.
type reloaded struct {
	Message string   `json:"message"`
	Changed []string `json:"changed"`
	Restart []string `json:"restart"`
}

// refusedSettings is the JSON answer if there is something wrong with them.
type refusedSettings struct {
	Message  string   `json:"message"`
	Problems []string `json:"problems"`
}

// reload serves POST /reload.
func (h *Handler) reload(*http.Request, *access.Grant) (answer, error) {
	out, err := h.opts.Reload()
	switch {
	case errors.Is(err, reload.ErrEnding):
		return answer{}, refusef(http.StatusServiceUnavailable, "The process is ending.")
	case err != nil:
		p := refusedSettings{"The configuration is refused, the one before stays", reload.Problems(err)}
		text := p.Message + ":\n  " + strings.Join(p.Problems, "\n  ")
		return answer{status: http.StatusUnprocessableEntity, text: text, json: p}, nil
	}
	a := reloaded{"Reloaded", append([]string{}, out.Changed...), append([]string{}, out.Restart...)}
	text := a.Message + ": " + strings.Join(a.Changed, ", ")
	if len(a.Changed) == 0 {
		a.Message = "Nothing to apply"
		text = a.Message
	}
	if len(a.Restart) > 0 {
		text += "\nNeeds a restart: " + strings.Join(a.Restart, ", ")
	}
	return answer{text: text, json: a}, nil
}
