# Times in units of what memory alone takes, over one size of the tensor in each panel, with quartiles.
load ARG1
load style
# Given: styles, name[], panels, across, left, top, panel_wide, panel_tall, panel_step_x, panel_step_y.
set grid noxtics ytics
unset mxtics
unset mytics
if (form eq "dumb") {
    plot for [i=1:styles] columns index (panels-1)*styles+i-1 using 1:2 with linespoints lt i title name[i]." "
} else {
    set multiplot
    set arrow 100 from graph 0, first 1 to graph 1, first 1 nohead back lc rgb "#777777" dt 1 lw 1.5
    do for [p=0:panels-1] {
        set lmargin at screen sx(left + p%across*panel_step_x)
        set rmargin at screen sx(left + p%across*panel_step_x + panel_wide)
        set tmargin at screen sy(top + p/across*panel_step_y)
        set bmargin at screen sy(top + p/across*panel_step_y + panel_tall)
        plot for [i=1:styles] columns index p*styles+i-1 using 1:2:3:4 with yerrorbars lt i dt 1 lw 1 pt 0 notitle, \
             for [i=1:styles] columns index p*styles+i-1 using 1:2 with linespoints lt i notitle
        unset label
    }
    unset multiplot
}
