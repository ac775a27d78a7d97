# Learned weights over epochs: a panel for each weight and point of the table, a line for each layer of the network, from the first
# (dark) to the last (light).
load ARG1
# Given: layers, panels, across, left, top, panel_wide, panel_tall, panel_step_x, panel_step_y; for the terminal titles, title[], name[].
load style
if (form eq "dumb") {
    plot for [l=1:layers] columns index l-1 using 1:2 with linespoints lt l title name[l]." "
} else {
    set multiplot
    do for [p=0:panels-1] {
        set lmargin at screen sx(left + p%across*panel_step_x)
        set rmargin at screen sx(left + p%across*panel_step_x + panel_wide)
        set tmargin at screen sy(top + p/across*panel_step_y)
        set bmargin at screen sy(top + p/across*panel_step_y + panel_tall)
        plot for [l=1:layers] columns index p*layers+l-1 using 1:2 with lines lt l notitle
        unset label
        unset arrow
    }
    unset multiplot
}
