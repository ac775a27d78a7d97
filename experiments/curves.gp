# A number over epochs: panels that share their axes, in each a line for each series or point; bands around the lines.
load ARG1
load style
# Given: lines, bands, apart[] (of the marks on a panel's lines), panels, across, left, top, panel_wide, panel_tall, panel_step_x, panel_step_y, note;
# for the terminal titles, title[], name[].
if (form eq "dumb") {
    plot for [l=1:lines] columns index l-1 using 1:2 with linespoints lt l title name[l]." "
} else {
    set multiplot
    set label note at screen sx(left+panel_wide/2),sy(top+panel_tall/2) center font size8 textcolor rgb "#666666"
    do for [p=0:panels-1] {
        set lmargin at screen sx(left + p%across*panel_step_x)
        set rmargin at screen sx(left + p%across*panel_step_x + panel_wide)
        set tmargin at screen sy(top + p/across*panel_step_y)
        set bmargin at screen sy(top + p/across*panel_step_y + panel_tall)
        if (bands) {
            plot for [l=1:lines] columns index p*lines+l-1 using 1:3:4 with filledcurves lt l notitle, \
                 for [l=1:lines] columns index p*lines+l-1 using 1:2 with linespoints lt l pointinterval int(apart[p+1]) notitle
        } else {
            plot for [l=1:lines] columns index p*lines+l-1 using 1:2 with linespoints lt l pointinterval int(apart[p+1]) notitle
        }
        unset label
        unset arrow
    }
    unset multiplot
}
