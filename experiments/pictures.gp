# Samples and what is told of them: a row of panels for each sample, each an image of red, green and blue.
load ARG1
load style
# Given: panels, across, rows, columns_of_a_picture, left, top, panel_wide, panel_tall, panel_step_x, panel_step_y.
unset grid
unset key
unset border
unset tics
set xrange [-0.5:columns_of_a_picture-0.5]
set yrange [0.5-rows:0.5]
set multiplot
do for [p=0:panels-1] {
    set lmargin at screen sx(left + p%across*panel_step_x)
    set rmargin at screen sx(left + p%across*panel_step_x + panel_wide)
    set tmargin at screen sy(top + p/across*panel_step_y)
    set bmargin at screen sy(top + p/across*panel_step_y + panel_tall)
    plot columns index p using 1:2:3:4:5 with rgbimage
    unset label
}
unset multiplot
