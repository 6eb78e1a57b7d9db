package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// publication is what `holdfast publish` was asked to send, and where to.
type publication struct {
	url, token string
	event, id  string
	item       string // GRIP item or items as JSON, "-" for standard input
	json       bool   // show the answer as JSON
}

func publishCommand() *cobra.Command {
	var p publication
	cmd := &cobra.Command{
		Use:   "publish CHANNEL [DATA]",
		Short: "Send an event to a channel",
		Long: `Send one event to everybody who follows CHANNEL. Without DATA it is read from
standard input, up to its end; one line break at the end is left out.

The event goes to the control endpoint at --url, or HOLDFAST_URL. If that asks
for a token, give it in HOLDFAST_TOKEN, since other users of the machine can see
flags.

--item sends a GRIP item as it is, or several as {"items": [...]}, for what an
event cannot say: other formats, actions, prev-id.`,
		Example: `  holdfast publish news 'Hello, world'
  holdfast publish user-42 '{"unread": 3}' --event inbox --id 1234
  date | holdfast publish clock
  HOLDFAST_TOKEN=secret holdfast publish news hi --url http://10.0.0.4:5561
  holdfast publish --item '{"channel": "news", "formats": {"http-stream": {"action": "close"}}}'`,
		Args: func(cmd *cobra.Command, args []string) error { return p.checkArgs(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := p.body(args, cmd.InOrStdin())
			if err != nil {
				return err
			}
			answer, err := p.send(cmd.Context(), body)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", bytes.TrimSpace(answer))
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&p.event, "event", "", "the event's `NAME`; without it, pages get a message event")
	flags.StringVar(&p.id, "id", "", "the event's `ID`; a second event with it is not published")
	flags.StringVar(&p.item, "item", "", "send this GRIP item, `JSON` or - for standard input")
	flags.StringVar(&p.url, "url", "", "the control endpoint's `URL` (default $HOLDFAST_URL, else "+defaultURL()+")")
	flags.StringVar(&p.token, "token", "", "the control endpoint's `TOKEN` (default $HOLDFAST_TOKEN)")
	flags.BoolVar(&p.json, "json", false, "print the answer as JSON, with the event's position")
	return cmd
}

// checkArgs refuses arguments that contradict each other.
func (p *publication) checkArgs(cmd *cobra.Command, args []string) error {
	if p.item == "" {
		return asUsed(cmd, args)
	}
	if len(args) > 0 || p.event != "" || p.id != "" {
		return errors.New("--item says everything: leave CHANNEL, DATA, --event and --id out")
	}
	return nil
}
