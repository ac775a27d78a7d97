# The group of each channel over epochs: a row of panels for each normalizer, a column for each of some layers, one rectangle for
# as long as a channel stays in its group; channels that end in one group stand together.
load ARG1
load style
# Given: panels, across, channels[] and steps[] of their ticks, left, top, panel_wide, panel_tall, panel_step_x, panel_step_y; for the terminal titles, title[].
groups = "#4477AA #EE6677 #228833 #CCBB44 #66CCEE #AA3377 #BBBBBB #332288 #999933 #882255 #44AA99 #DDCC77 #117733 #CC6677 #88CCEE #AA4499"
hex(text) = int("0x".text[2:7])
rgb(g) = g == g ? hex(word(groups, (int(g) - 1)%words(groups) + 1)) : 0
set style fill solid noborder
unset grid
unset key
if (form eq "dumb") {
    set yrange [-0.5:channels[1]-0.5]
    plot columns index 0 using (($1+$2)/2):3:4 with labels
} else {
    set format y ""
    set multiplot
    do for [p=0:panels-1] {
        set lmargin at screen sx(left + p%across*panel_step_x)
        set rmargin at screen sx(left + p%across*panel_step_x + panel_wide)
        set tmargin at screen sy(top + p/across*panel_step_y)
        set bmargin at screen sy(top + p/across*panel_step_y + panel_tall)
        set yrange [-0.5:channels[p+1]-0.5]
        set ytics 0,steps[p+1]
        plot columns index p using (($1+$2)/2):3:1:2:($3-0.5):($3+0.5):(rgb($4)) with boxxyerror lc rgb variable
        unset label
    }
    unset multiplot
}
